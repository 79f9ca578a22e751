"""How a rdv is told to a person, in messages and on pages alike."""

from django.conf import settings

from rdv_insertion.agenda.enums import LocationType
from rdv_insertion.agenda.models import Rdv
from rdv_insertion.agenda.phones import phone_of
from rdv_insertion.followups.words import words_for
from rdv_insertion.kernel import phone


def title_of(rdv: Rdv) -> str:
    """`rendez-vous d'orientation`, as its organisation calls it; the motif's name without category.

    One query.
    """
    category = rdv.motif.motif_category
    if category is None:
        return rdv.motif.name
    words = words_for(rdv.organisation_id, category)
    return words.title_by_phone if rdv.motif.location_type == LocationType.PHONE else words.title


def place_lines(rdv: Rdv) -> list[str]:
    """Where it happens: the name and address of the place, or how the person is joined."""
    if rdv.lieu:
        return [rdv.lieu.name, rdv.lieu.address]
    return [
        {
            LocationType.PHONE: "Par téléphone : nous vous appelons",
            LocationType.VISIO: f"En visioconférence : {visio_url(rdv)}",
            LocationType.HOME: "Chez vous",
        }.get(LocationType(rdv.motif.location_type), "")
    ]


def visio_url(rdv: Rdv) -> str:
    """Where a rdv in visio is held: a room of its own, that nobody guesses; the same when it is moved."""
    return f"{settings.VISIO_URL}{rdv.uuid.hex}"


def help_phone(rdv: Rdv) -> str:
    """The number to call about this rdv, as people dictate it (see `phones`)."""
    return phone.display(phone_of(rdv))
