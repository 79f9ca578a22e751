"""What a letter looks like with a presentation, saved or not."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import HttpResponse

from rdv_insertion.messaging.channels.letter.frame import LetterFrame, frame_for
from rdv_insertion.messaging.identity import identity_from
from rdv_insertion.messaging.printing import drawn_pdf
from rdv_insertion.messaging.services.identity import Presentation, configuration_from
from rdv_insertion.territory.models import Organisation
from rdv_insertion.usagers.enums import Title
from rdv_insertion.usagers.models import Usager
from rdv_insertion.web.configuration.messages.forms import picture_signer
from rdv_insertion.web.pdf import pdf_response

_SUBJECT = "Exemple de courrier"
_PARAGRAPHS = (
    "Madame,",
    "Voici comment vos courriers se présentent : l'en-tête, la ville et la date, la signature. Le texte, "
    "lui, dépend de la catégorie.",
)


@dataclass(frozen=True)
class Letterhead:
    """What stands around a letter, for a page: `logos` are (key of the picture, name)."""

    frame: dict[str, Any]
    subject: str
    paragraphs: tuple[str, ...]
    logos: list[tuple[str, str]]
    signature_key: str


def letterhead_preview(
    organisation: Organisation, presentation: Presentation, *, now: datetime
) -> Letterhead:
    """The letterhead as HTML shows it. No query."""
    frame = _frame(organisation, presentation, now)
    sign = picture_signer(organisation).sign
    return Letterhead(
        frame.to_json(),
        _SUBJECT,
        _PARAGRAPHS,
        logos=[(sign(logo["digest"]), logo["name"]) for logo in frame.logos],
        signature_key=sign(frame.signature_digest) if frame.signature_digest else "",
    )


def letterhead_pdf(organisation: Organisation, presentation: Presentation, *, now: datetime) -> HttpResponse:
    """The same as the real PDF, shown in the browser. One query."""
    frame = _frame(organisation, presentation, now)
    letter = {**frame.to_json(), "subject": _SUBJECT, "paragraphs": list(_PARAGRAPHS)}
    return pdf_response(drawn_pdf([letter]), "en-tete.pdf")


def _frame(organisation: Organisation, presentation: Presentation, now: datetime) -> LetterFrame:
    department = organisation.department
    person = Usager(
        department=department,
        title=Title.MADAME,
        first_name="Camille",
        last_name="Exemple",
        address=f"12 rue de la République {department.number[:2]}000 {department.capital}",
    )
    identity = identity_from(organisation, configuration_from(organisation, presentation))
    return frame_for(person, organisation, identity, help_phone=organisation.phone_number, moment=now)
