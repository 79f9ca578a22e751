"""Collective rdvs as a person chooses among them."""

from dataclasses import dataclass

from django.utils.translation import gettext, ngettext

from rdv_insertion.agenda.models import Rdv
from rdv_insertion.kernel import dates
from rdv_insertion.web.usagers.appointments import duration_label
from rdv_insertion.web.usagers.places import Place, place_of
from rdv_insertion.web.usagers.wording import as_typed


@dataclass(frozen=True)
class Session:
    """A collective rdv with a seat left: its moment is on the clocks of the place."""

    moment: str
    name: str
    duration: str
    seats: str
    place: Place
    url: str


def session_of(rdv: Rdv, url: str) -> Session:
    """How this collective rdv is shown; `url` is the page that asks to confirm a seat."""
    return Session(
        moment=dates.long_moment(rdv.starts_at, rdv.time_zone),
        name=as_typed(rdv.name or rdv.motif.name),
        duration=duration_label(rdv.ends_at - rdv.starts_at),
        seats=seats_label(rdv.seats_left),
        place=place_of(rdv),
        url=url,
    )


def seats_label(left: int | None) -> str:
    """`Il reste 3 places`, `Dernière place`; nothing when there is no limit."""
    if left is None:
        return ""
    if left == 1:
        return gettext("Dernière place")
    return ngettext("Il reste %(count)s place", "Il reste %(count)s places", left) % {"count": left}
