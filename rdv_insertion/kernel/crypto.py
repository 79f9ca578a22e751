"""Encryption at rest and blind index, for what must never be read from a stolen disk (NIR, files).

`ENCRYPTION_KEYS` lists keys as `name:base64`; the first encrypts, all decrypt, so that a key is
replaced by putting the new one first. `BLIND_INDEX_KEY` never changes: look-ups depend on it.
"""

import base64
import hmac
import os
from functools import lru_cache
from typing import Any

import orjson
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.db import models

NONCE_BYTES = 12


@lru_cache
def _ciphers(keys: tuple[str, ...]) -> dict[str, AESGCM]:
    named = (key.split(":", 1) for key in keys)
    return {name: AESGCM(base64.b64decode(secret)) for name, secret in named}


def encrypt(plain: bytes) -> bytes:
    """Encrypt with the first key: `name:` + nonce + AES-256-GCM text."""
    ciphers = _ciphers(tuple(settings.ENCRYPTION_KEYS))
    name, cipher = next(iter(ciphers.items()))
    nonce = os.urandom(NONCE_BYTES)
    return name.encode() + b":" + nonce + cipher.encrypt(nonce, plain, None)


def decrypt(stored: bytes) -> bytes:
    """Reverse `encrypt`, with whichever known key was used.

    Raises KeyError when the key is not known any more, InvalidTag when the text was altered.
    """
    name, sealed = bytes(stored).split(b":", 1)
    cipher = _ciphers(tuple(settings.ENCRYPTION_KEYS))[name.decode()]
    return cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], None)


def blind_index(value: str) -> str:
    """A keyed digest of `value`: equal values are found, none can be read back (64 hexadecimal digits)."""
    keyed = _keyed(settings.BLIND_INDEX_KEY).copy()
    keyed.update(value.encode())
    return keyed.hexdigest()


@lru_cache
def _keyed(key: str) -> hmac.HMAC:
    """The digest once the key is in it: half of the work, the same for every value."""
    return hmac.new(key.encode(), digestmod="sha256")


def seal(document: Any) -> bytes:
    """A JSON document, encrypted: what an EncryptedJSONField stores."""
    return encrypt(orjson.dumps(document))


class EncryptedBytesField(models.BinaryField):  # type: ignore[type-arg]  # not subscriptable when it runs
    """Bytes, encrypted in the database."""

    def get_db_prep_value(self, value: bytes | None, connection: Any, prepared: bool = False) -> Any:
        sealed = None if value is None else encrypt(bytes(value))
        return super().get_db_prep_value(sealed, connection, prepared)

    def from_db_value(self, value: Any, *_: Any) -> Any:
        return None if value is None else decrypt(value)


class EncryptedTextField(EncryptedBytesField):
    """Text, encrypted in the database."""

    def to_python(self, value: Any) -> Any:
        # Django takes the text of a binary field for base64, and would change it on validation.
        return value

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        return super().get_db_prep_value(None if value is None else value.encode(), connection, prepared)

    def from_db_value(self, value: Any, *_: Any) -> Any:
        return None if value is None else decrypt(value).decode()


class EncryptedJSONField(EncryptedBytesField):
    """A JSON document, encrypted in the database."""

    def to_python(self, value: Any) -> Any:
        return value

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        if value is not None:
            value = orjson.dumps(value)
        return super().get_db_prep_value(value, connection, prepared)

    def from_db_value(self, value: Any, *_: Any) -> Any:
        return None if value is None else orjson.loads(decrypt(value))
