"""Where a person is received, as they read it."""

from dataclasses import dataclass, replace
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.utils.translation import gettext, gettext_noop

from rdv_insertion.agenda.creneaux import Offer
from rdv_insertion.agenda.enums import LocationType
from rdv_insertion.agenda.models import Lieu, Participation, Rdv
from rdv_insertion.agenda.presentation import visio_url
from rdv_insertion.kernel.dates import PARIS

_ELSEWHERE: dict[str, tuple[str, str, str]] = {
    LocationType.PHONE: (
        gettext_noop("Par téléphone"),
        gettext_noop("Un agent vous appelle à l'heure choisie."),
        "fr-icon-phone-line",
    ),
    LocationType.VISIO: (
        gettext_noop("En visioconférence"),
        gettext_noop("Vous recevez le lien avec la confirmation."),
        "fr-icon-video-chat-line",
    ),
    LocationType.HOME: (
        gettext_noop("Chez vous"),
        gettext_noop("Un agent vient à votre domicile."),
        "fr-icon-home-4-line",
    ),
}

_CLOCKS = {
    "America/Cayenne": gettext_noop("Les heures sont celles de la Guyane."),
    "America/Guadeloupe": gettext_noop("Les heures sont celles de la Guadeloupe."),
    "America/Marigot": gettext_noop("Les heures sont celles de Saint-Martin."),
    "America/Martinique": gettext_noop("Les heures sont celles de la Martinique."),
    "America/Miquelon": gettext_noop("Les heures sont celles de Saint-Pierre-et-Miquelon."),
    "America/St_Barthelemy": gettext_noop("Les heures sont celles de Saint-Barthélemy."),
    "Indian/Mayotte": gettext_noop("Les heures sont celles de Mayotte."),
    "Indian/Reunion": gettext_noop("Les heures sont celles de La Réunion."),
    "Pacific/Noumea": gettext_noop("Les heures sont celles de la Nouvelle-Calédonie."),
    "Pacific/Tahiti": gettext_noop("Les heures sont celles de la Polynésie française."),
    "Pacific/Wallis": gettext_noop("Les heures sont celles de Wallis-et-Futuna."),
}
_OTHER_CLOCKS = gettext_noop("Les heures sont celles du lieu du rendez-vous.")


@dataclass(frozen=True)
class Place:
    """A place, or the phone, visio or home that stands for it.

    `map_url` only where there is an address to go to; `link` is that of a visio, once it is known. `typed`
    says that an agent wrote it, in French.
    """

    name: str
    address: str
    note: str
    icon: str
    clocks: str
    link: str = ""
    at_home: bool = False
    typed: bool = False

    @property
    def map_url(self) -> str:
        """A map with the address searched, that needs neither account nor key."""
        if not self.address or self.at_home:
            return ""
        return f"https://www.openstreetmap.org/search?{urlencode({'query': self.address})}"


def place_of(subject: Offer | Rdv) -> Place:
    """Where this offer or this rdv receives."""
    kind = subject.location_type if isinstance(subject, Offer) else subject.motif.location_type
    clocks = _clocks(subject.time_zone)
    if subject.lieu:
        return _at(subject.lieu, clocks)
    if kind not in _ELSEWHERE:
        told = gettext("Le lieu vous sera donné par téléphone")
        return Place(told, "", "", "fr-icon-map-pin-2-line", clocks)
    name, note, icon = _ELSEWHERE[kind]
    return Place(gettext(name), "", gettext(note), icon, clocks, at_home=kind == LocationType.HOME)


def place_of_person(participation: Participation) -> Place:
    """The same for somebody who proved who they are: their own address, and the link of a visio."""
    rdv = participation.rdv
    place = place_of(rdv)
    if place.at_home:
        return replace(place, address=participation.usager.address or "")
    if rdv.motif.location_type == LocationType.VISIO:
        return replace(place, note="", link=visio_url(rdv))
    return place


def _at(lieu: Lieu, clocks: str) -> Place:
    return Place(lieu.name, lieu.address, lieu.access, "fr-icon-map-pin-2-line", clocks, typed=True)


def _clocks(zone: ZoneInfo) -> str:
    """Whose clocks are shown, said only when they are not those of Paris."""
    if zone.key == PARIS.key:
        return ""
    return gettext(_CLOCKS.get(zone.key, _OTHER_CLOCKS))
