"""The languages in which a person may read messages and pages; French is the service's own.

Translations are in `rdv_insertion/locale/<language>/LC_MESSAGES/django.po`.
"""

from django.db import models
from django.utils import translation


class Language(models.TextChoices):
    """A language by its own name, as the person who reads it knows it."""

    FR = "fr", "Français"
    EN = "en", "English"
    ES = "es", "Español"
    PT = "pt", "Português"
    AR = "ar", "العربية"
    UK = "uk", "Українська"
    TR = "tr", "Türkçe"
    RO = "ro", "Română"
    FA = "fa", "فارسی / دری"


# What agents read: the same languages, named in French.
IN_FRENCH: dict[str, str] = {
    Language.FR: "français",
    Language.EN: "anglais",
    Language.ES: "espagnol",
    Language.PT: "portugais",
    Language.AR: "arabe",
    Language.UK: "ukrainien",
    Language.TR: "turc",
    Language.RO: "roumain",
    Language.FA: "dari ou persan",
}

_CODES = frozenset(Language.values)
_RIGHT_TO_LEFT = frozenset({Language.AR, Language.FA})


def direction(language: str) -> str:
    """`rtl` or `ltr`, as HTML writes it."""
    return "rtl" if language in _RIGHT_TO_LEFT else "ltr"


def active() -> str:
    """The language in which this thread writes now; French when it is none of ours."""
    language = translation.get_language() or Language.FR
    return language if language in _CODES else Language.FR
