"""A rdv as the person reads it, in every state."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.translation import ngettext

from rdv_insertion.agenda import services
from rdv_insertion.agenda.enums import CANCELLED, LocationType
from rdv_insertion.agenda.models import Participation, Rdv
from rdv_insertion.followups.enums import ParticipationStatus
from rdv_insertion.followups.words import words_for
from rdv_insertion.kernel import dates
from rdv_insertion.web.usagers.places import Place, place_of_person
from rdv_insertion.web.usagers.wording import as_typed, spoken


@dataclass(frozen=True)
class Appointment:
    """A participation at one moment, in the words of the person's pages."""

    participation: Participation
    now: datetime

    @property
    def rdv(self) -> Rdv:
        """The rdv behind."""
        return self.participation.rdv

    @property
    def title(self) -> str:
        """`rendez-vous d'orientation`, or the motif's name when it has no category. One query."""
        category = self.rdv.motif.motif_category
        if category is None:
            return as_typed(self.rdv.motif.name)
        words = words_for(self.rdv.organisation_id, category)
        return spoken(words.title_by_phone if self.by_phone else words.title)

    @property
    def name(self) -> str:
        """What this collective rdv is called, when it has a name of its own."""
        return self.rdv.name if self.rdv.motif.collective else ""

    @property
    def moment(self) -> str:
        """`mardi 3 mars 2026 à 9 h 30`, on the clocks of the place."""
        return dates.long_moment(self.rdv.starts_at, self.rdv.time_zone)

    @property
    def duration(self) -> str:
        """`30 minutes`."""
        return duration_label(self.rdv.ends_at - self.rdv.starts_at)

    @property
    def place(self) -> Place:
        """Where it happens."""
        return place_of_person(self.participation)

    @property
    def by_phone(self) -> bool:
        """Whether the person waits for a call."""
        return self.rdv.motif.location_type == LocationType.PHONE

    @property
    def phone_end(self) -> str:
        """The last two digits of the number that will be called: enough to know it, useless to others."""
        return (self.participation.usager.phone_number or "")[-2:]

    @property
    def what_to_bring(self) -> str:
        """Of the category, when it asks for something."""
        category = self.rdv.motif.motif_category
        return spoken(category.what_to_bring) if category else ""

    @property
    def is_mandatory(self) -> bool:
        """Whether the category says so."""
        category = self.rdv.motif.motif_category
        return bool(category and category.is_mandatory)

    @property
    def help_phone(self) -> str:
        """Whom to call (E.164): the place, else the organisation."""
        return (self.rdv.lieu.phone_number if self.rdv.lieu else "") or self.rdv.organisation.phone_number

    @property
    def cancelled(self) -> bool:
        """By the person or by the service."""
        return self.participation.status in CANCELLED

    @property
    def cancelled_by_service(self) -> bool:
        """Told differently: the person did nothing."""
        return self.participation.status == ParticipationStatus.REVOKED

    @property
    def over(self) -> bool:
        """Whether it has ended, or its presence is already recorded."""
        return self.rdv.ends_at <= self.now or self.participation.status != ParticipationStatus.UNKNOWN

    @property
    def under_way(self) -> bool:
        """Whether it has begun and is not over."""
        return self.rdv.has_begun(self.now) and not self.over

    @property
    def may_move(self) -> bool:
        """Whether the person may choose another moment now."""
        return services.may_move(self.participation, self.now)

    @property
    def may_cancel(self) -> bool:
        """Whether the person may cancel now."""
        return services.may_cancel(self.participation, self.now)

    @property
    def move_limit(self) -> str:
        """Until when it can be moved online, in full letters, or an empty string when it never could."""
        return self._written(services.movable_until(self.participation))

    @property
    def cancel_limit(self) -> str:
        """Until when it can be cancelled online, in full letters, or an empty string when it never could."""
        return self._written(services.cancellable_until(self.participation))

    def _written(self, moment: datetime | None) -> str:
        return dates.long_moment(moment, self.rdv.time_zone) if moment else ""


def duration_label(duration: timedelta) -> str:
    """`30 minutes`, `1 heure`, `1 heure 30`."""
    hours, minutes = divmod(int(duration.total_seconds()) // 60, 60)
    if not hours:
        return ngettext("%(count)s minute", "%(count)s minutes", minutes) % {"count": minutes}
    if not minutes:
        return ngettext("%(count)s heure", "%(count)s heures", hours) % {"count": hours}
    words = ngettext("%(count)s heure %(minutes)s", "%(count)s heures %(minutes)s", hours)
    return words % {"count": hours, "minutes": f"{minutes:02d}"}
