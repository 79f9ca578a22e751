"""What must be there for the service to be whole, checked by Django at each command."""

from typing import Any

from django.core.checks import CheckMessage, Warning, register

from rdv_insertion.kernel import catalogs


@register
def translations_are_compiled(**_: Any) -> list[CheckMessage]:
    """Without its compiled catalog a language is silently shown in French."""
    stale = [language for language in catalogs.TRANSLATED if catalogs.is_stale(language)]
    if not stale:
        return []
    return [
        Warning(
            f"The translations of {', '.join(stale)} are not compiled.",
            hint="python -m rdv_insertion.kernel.catalogs compile",
            id="kernel.W001",
        )
    ]
