"""Every night, organisations learn how many of those they invited would find no créneau."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time
from zoneinfo import ZoneInfo

from django.db import transaction

from rdv_insertion.agenda.creneaux import first_for_public
from rdv_insertion.agenda.eligibility import Eligible, depends_on_address, eligible_several
from rdv_insertion.agenda.models import Motif
from rdv_insertion.followups.enums import FollowUpStatus
from rdv_insertion.followups.models import FollowUp
from rdv_insertion.invitations.links import openings_page
from rdv_insertion.invitations.models import CategoryConfiguration, Invitation, still_followed
from rdv_insertion.invitations.proposals import asked_motifs, offers_allowed, referents_of
from rdv_insertion.kernel import dates
from rdv_insertion.messaging import services as messaging
from rdv_insertion.messaging.enums import Channel, Purpose
from rdv_insertion.messaging.models import Message
from rdv_insertion.messaging.texts import FromTemplates
from rdv_insertion.territory import addresses
from rdv_insertion.territory.models import Department, Organisation

# On the clocks of the department; until the morning when the worker was down.
FROM, UNTIL = time(1), time(6)


@dataclass
class Blocked:
    """Who finds nothing among the people invited in one category."""

    configuration: CategoryConfiguration
    invited: int
    people: list[FollowUp] = field(default_factory=list)
    # The names of the referents of those who may only be received by them.
    referents: Counter[str] = field(default_factory=Counter)
    without_referent: int = 0
    # How many searches of free time it took: one for each thing that people may choose from.
    searches: int = 0

    @property
    def towns(self) -> list[tuple[str, int]]:
        """Postcodes and towns of these people, the most frequent first; an empty one when it is unknown."""
        counts = Counter(follow_up.usager.town for follow_up in self.people)
        return sorted(counts.items(), key=lambda pair: (pair[0] == "", -pair[1], pair[0]))


def alert(*, now: datetime) -> int:
    """Write the mails of the night where it is night, and return how many. Once a night each.

    Run every hour: at 01:00 on the clocks of each department, later in the night when no worker could.
    """
    return sum(
        _alert(configuration, now)
        for configuration in _configurations(now)
        if not _was_told(configuration, now)
    )


def _configurations(now: datetime) -> Iterable[CategoryConfiguration]:
    """Those of the organisations where it is time, and that have somebody to write to."""
    night = [
        department.pk
        for department in Department.objects.only("number")
        if FROM <= now.astimezone(department.time_zone).time() < UNTIL
    ]
    known = CategoryConfiguration.objects.filter(
        organisation__archived_at=None, organisation__department__in=night
    )
    several = known.select_related("organisation__department", "motif_category").order_by("pk")
    return [one for one in several if addressees(one)]


def addressees(configuration: CategoryConfiguration) -> list[str]:
    """Who is told: the organisation, and the address that the category adds; each once."""
    return list(dict.fromkeys(filter(None, [configuration.organisation.email, configuration.alert_email])))


def blocked_people(configuration: CategoryConfiguration, *, now: datetime) -> Blocked:
    """Who, of the people invited in this category and still waited for, would find no créneau at `now`.

    Asked with the function that makes their page. People are put together by what they may choose from
    (motifs, and agents who may receive), so that there are as many searches as different answers: one, most
    often; one for each sector or set of referents at most. Invitations that never expire are left aside.
    """
    invitations = _valid(configuration, now)
    blocked = Blocked(configuration, invited=len(invitations))
    for with_referents in (False, True):
        people = [one.follow_up for one in invitations if one.with_referents is with_referents]
        if people:
            _look(blocked, people, now, with_referents=with_referents)
    return blocked


def _valid(configuration: CategoryConfiguration, now: datetime) -> list[Invitation]:
    """The last invitation that is still valid of each follow-up that waits for an answer."""
    waiting = FollowUp.objects.in_status([FollowUpStatus.INVITATION_PENDING], now).filter(
        motif_category=configuration.motif_category_id
    )
    found = Invitation.objects.filter(
        still_followed(),
        organisation=configuration.organisation_id,
        expires_at__gt=now,
        expires_at__lt=dates.NEVER,
        follow_up__in=waiting.order_by().values("pk"),
    )
    last = found.order_by("follow_up_id", "-created_at", "-pk").distinct("follow_up_id")
    return list(last.select_related("follow_up__usager__department"))


def _look(blocked: Blocked, people: Sequence[FollowUp], now: datetime, *, with_referents: bool) -> None:
    organisation = blocked.configuration.organisation
    motifs = asked_motifs(organisation, blocked.configuration.motif_category, with_referents=with_referents)
    groups = _by_choice(motifs, people, organisation, now)
    nothing: list[FollowUp] = []
    for allowed, several in groups:
        blocked.searches += 1
        if first_for_public(offers_allowed(allowed, now=now), now=now) is None:
            nothing += several
    blocked.people += nothing
    if nothing and all(motif.referent_only for motif in motifs):
        names = referents_of(organisation, [one.usager_id for one in nothing])
        blocked.referents.update(name for several in names.values() for name in several)
        blocked.without_referent += sum(one.usager_id not in names for one in nothing)


def _by_choice(
    motifs: Sequence[Motif], people: Sequence[FollowUp], organisation: Organisation, now: datetime
) -> list[tuple[list[Eligible], list[FollowUp]]]:
    """People by what they may choose from. Four queries at most."""
    usagers = [follow_up.usager for follow_up in people]
    locations = {}
    if depends_on_address(motifs):
        known = addresses.locate_several(
            [usager.address for usager in usagers if usager.address], organisation.department, now=now
        )
        locations = {usager.pk: known.get(usager.address or "") for usager in usagers}
    allowed = eligible_several(motifs, usagers, locations=locations)
    groups: defaultdict[frozenset[tuple[int, frozenset[int] | None]], list[FollowUp]] = defaultdict(list)
    for follow_up in people:
        key = frozenset((motif.pk, agents) for motif, agents in allowed[follow_up.usager_id])
        groups[key].append(follow_up)
    return [(allowed[several[0].usager_id], several) for several in groups.values()]


@transaction.atomic
def _alert(configuration: CategoryConfiguration, now: datetime) -> int:
    blocked = blocked_people(configuration, now=now)
    if not blocked.people:
        return 0
    drafts = [_draft(blocked, place, address, now) for place, address in enumerate(addressees(configuration))]
    messaging.enqueue(drafts=drafts, now=now)
    return len(drafts)


def _was_told(configuration: CategoryConfiguration, now: datetime) -> bool:
    key = messaging.key_of(
        configuration.organisation,
        Purpose.BLOCKED_PEOPLE,
        f"{_about(configuration, 0)}-{_night(configuration, now)}",
        Channel.EMAIL,
    )
    return Message.objects.filter(unique_key=key).exists()


def _about(configuration: CategoryConfiguration, place: int) -> str:
    """Each address has its own message."""
    return f"category-{configuration.motif_category_id}" + (f"-{place}" if place else "")


def _night(configuration: CategoryConfiguration, now: datetime) -> str:
    zone: ZoneInfo = configuration.organisation.time_zone
    return f"{now.astimezone(zone):%Y-%m-%d}"


def _draft(blocked: Blocked, place: int, address: str, now: datetime) -> messaging.Draft:
    configuration = blocked.configuration
    return messaging.Draft(
        organisation=configuration.organisation,
        to=configuration.organisation,
        purpose=Purpose.BLOCKED_PEOPLE,
        channel=Channel.EMAIL,
        about=_about(configuration, place),
        period=_night(configuration, now),
        address=address,
        content=FromTemplates(
            Purpose.BLOCKED_PEOPLE,
            {
                "count": len(blocked.people),
                "invited": blocked.invited,
                "towns": blocked.towns,
                "referents": sorted(blocked.referents.items(), key=lambda pair: (-pair[1], pair[0])),
                "without_referent": blocked.without_referent,
                "category": configuration.motif_category.name,
                "organisation": configuration.organisation.name,
                "link": openings_page(),
                "help_phone": "",
            },
        ),
    )
