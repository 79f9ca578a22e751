"""What agents and the nation wrote in French, on pages that are read in another language."""

from django.utils.html import format_html
from django.utils.translation import gettext

from rdv_insertion.kernel.languages import Language, active


def spoken(text: str) -> str:
    """National words in the language of the page, by the catalog; others as they were typed, marked French.

    Safe in a page: HTML where the words stay French on a page that is not.
    """
    if not text or active() == Language.FR:
        return text
    translated = gettext(text)
    return as_typed(text) if translated == text else translated


def as_typed(text: str) -> str:
    """French words among another language: read aloud in French, and kept apart from its direction."""
    if not text or active() == Language.FR:
        return text
    return format_html('<bdi lang="fr">{}</bdi>', text)
