"""Codes that a person reads on paper and types on a phone."""

import secrets

# No 0 O 1 I L: they are taken for one another (design/domain.md § Links).
ALPHABET = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
LENGTH = 8


def new_code() -> str:
    """8 random characters: 31^8, some 850 billion possibilities."""
    return "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))


def clean(typed: str) -> str:
    """What a person typed, without the spaces and dashes they may have added, in capitals."""
    return "".join(character for character in typed.upper() if character.isalnum())


def display(code: str) -> str:
    """Two groups of four, easier to copy: `ABCD EFGH`."""
    return f"{code[:4]} {code[4:]}"
