"""Who may be invited from an import: by which channels, and where."""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count

from rdv_insertion.followups.enums import FollowUpStatus
from rdv_insertion.followups.models import FollowUp
from rdv_insertion.imports import services
from rdv_insertion.imports.models import ImportRow, ImportRun
from rdv_insertion.imports.run import configurations_of
from rdv_insertion.invitations.enums import Refusal
from rdv_insertion.invitations.models import CategoryConfiguration, Invitation
from rdv_insertion.invitations.services import AGAIN_AFTER, can_reach, foreseen_refusals, free_slots
from rdv_insertion.messaging.enums import NEVER_ARRIVED, Channel
from rdv_insertion.territory.models import Organisation
from rdv_insertion.usagers.models import Usager

# The channels that are proposed: a letter is printed and paid, so it is chosen on purpose.
AT_ONCE = (Channel.SMS, Channel.EMAIL)
_SHORT = {
    Refusal.NO_PHONE: "pas de mobile",
    Refusal.NO_EMAIL: "pas de mail",
    Refusal.NO_ADDRESS: "adresse incomplète",
    Refusal.INVITED_TODAY: "invité il y a moins de 24 h",
    Refusal.CHANNEL_OFF: "canal non activé",
    Refusal.POSTAL_TOO_LATE: "arriverait trop tard",
    Refusal.CONTACT_REFUSED: "rien n'y arrive : à corriger",
    Refusal.SMS_BUDGET_SPENT: "budget SMS dépensé",
}
_GONE = "Cette personne n'est plus dans le service."
_NOT_HERE = "Son organisation n'utilise pas cette catégorie."


@dataclass(frozen=True)
class Place:
    """An organisation of the rows: how many of its people wait, and how many créneaux it has for them."""

    organisation: Organisation
    configuration: CategoryConfiguration | None
    waiting: int
    slots: int
    chosen: int = 0

    @property
    def too_few(self) -> bool:
        """Whether more people are chosen than can choose a créneau."""
        return self.configuration is not None and self.slots < self.chosen

    @property
    def without_help_phone(self) -> bool:
        """Whether nobody can be invited there, for want of a number to call."""
        return self.configuration is not None and not self.configuration.help_phone_number


@dataclass(frozen=True)
class Box:
    """One channel for one person: chosen or not, or why it cannot be."""

    channel: Channel
    checked: bool
    refusal: str


@dataclass(frozen=True)
class Candidate:
    """Somebody who may be invited."""

    row_id: int
    name: str
    organisation_id: int
    remark: str
    boxes: list[Box]

    @property
    def is_chosen(self) -> bool:
        """Whether one channel at least is chosen."""
        return any(box.checked for box in self.boxes)


# By channel, the ids of rows to check, or True for all those who can be; None to propose.
Chosen = Mapping[str, Collection[int] | bool]


def places_of(run: ImportRun, *, now: datetime) -> list[Place]:
    """The organisations of those to invite, that of the import first. Only they make queries grow."""
    waiting = dict(services.invitable_rows(run).order_by().values_list("organisation").annotate(Count("pk")))
    counts: Counter[int] = Counter()
    for organisation_id, count in waiting.items():
        counts[organisation_id or run.organisation_id] += count
    configurations = configurations_of(run)
    known = {one.pk: one for one in Organisation.objects.select_related("department").filter(pk__in=counts)}
    places = [
        _place(organisation, configurations.get(organisation.pk), counts[organisation.pk], now)
        for organisation in known.values()
    ]
    return sorted(places, key=lambda one: (one.organisation.pk != run.organisation_id, one.organisation.name))


def _place(
    organisation: Organisation, configuration: CategoryConfiguration | None, waiting: int, now: datetime
) -> Place:
    slots = free_slots(configuration, now=now) if configuration else 0
    return Place(organisation, configuration, waiting, slots)


def channels_of(places: Sequence[Place]) -> list[Channel]:
    """The channels that at least one of these organisations uses."""
    used = {name for place in places if place.configuration for name in place.configuration.channels}
    return [channel for channel in Channel if channel in used]


def candidates_of(
    run: ImportRun, places: Sequence[Place], *, chosen: Chosen | None, now: datetime
) -> list[Candidate]:
    """Everybody who may be invited, in the order of the file; without `chosen`, by SMS and mail.

    Two queries an organisation, whatever the number of people.
    """
    rows = services.invitable_rows(run).order_by("number").only("number", "organisation", "usager", "run")
    pairs = [(row, row.organisation_id or run.organisation_id) for row in rows]
    follow_ups = _follow_ups(run)
    refusals = _refusals(pairs, follow_ups, places, now)
    channels = channels_of(places)
    return [
        _candidate(row, place, follow_ups.get(row.usager_id or 0), _Offer(channels, refusals, chosen, now))
        for row, place in pairs
    ]


def _follow_ups(run: ImportRun) -> dict[int, FollowUp]:
    """With the person, whose NIR is not even deciphered."""
    people = services.invitable_rows(run).order_by().values("usager")
    known = FollowUp.objects.filter(motif_category=run.motif_category, usager__in=people)
    several = known.select_related("usager").defer("usager__nir", "usager__search_document").order_by()
    return {follow_up.usager_id: follow_up for follow_up in several}


def _refusals(
    rows: Sequence[tuple[ImportRow, int]],
    follow_ups: Mapping[int, FollowUp],
    places: Sequence[Place],
    now: datetime,
) -> dict[int, dict[str, Refusal]]:
    """Why people would not be invited, by follow-up then channel; nothing where the category is not run."""
    by_place: defaultdict[int, list[FollowUp]] = defaultdict(list)
    for row, place_id in rows:
        if follow_up := follow_ups.get(row.usager_id or 0):
            by_place[place_id].append(follow_up)
    found: dict[int, dict[str, Refusal]] = {}
    for place in places:
        if place.configuration is not None:
            several = by_place[place.organisation.pk]
            found |= foreseen_refusals(follow_ups=several, configuration=place.configuration, now=now)
    return found


@dataclass(frozen=True)
class _Offer:
    """What is offered to everybody, and what was chosen of it."""

    channels: Sequence[Channel]
    refusals: Mapping[int, Mapping[str, Refusal]]
    chosen: Chosen | None
    now: datetime


def _candidate(row: ImportRow, place_id: int, follow_up: FollowUp | None, offer: _Offer) -> Candidate:
    name, why, boxes = f"Ligne {row.number}", _GONE, _closed(offer.channels)
    if follow_up is not None:
        name = f"{follow_up.usager.last_name.upper()} {follow_up.usager.first_name}"
        refused = offer.refusals.get(follow_up.pk)
        why = _NOT_HERE if refused is None else _common(refused)
        if refused is not None and not why:
            boxes = [_box(row.pk, channel, refused.get(channel), offer.chosen) for channel in offer.channels]
            why = _remark(follow_up, boxes, offer.now)
    return Candidate(row.pk, name, place_id, why, boxes)


def _closed(channels: Sequence[Channel]) -> list[Box]:
    return [Box(channel, checked=False, refusal="impossible") for channel in channels]


def _common(refused: Mapping[str, Refusal]) -> str:
    """The reason that holds for all the channels, whatever the person's contacts, or nothing."""
    reasons = set(refused.values()) - {Refusal.CHANNEL_OFF}
    only = reasons.pop() if len(reasons) == 1 and len(refused) == len(Channel) else None
    return "" if only is None or only in _SHORT else str(only.label)


def _box(row_id: int, channel: Channel, refusal: Refusal | None, chosen: Chosen | None) -> Box:
    if refusal is not None:
        return Box(channel, checked=False, refusal=_SHORT.get(refusal, refusal.label))
    if chosen is None:
        return Box(channel, checked=channel in AT_ONCE, refusal="")
    wanted = chosen.get(channel.value, False)
    return Box(channel, checked=wanted if isinstance(wanted, bool) else row_id in wanted, refusal="")


def _remark(follow_up: FollowUp, boxes: Sequence[Box], now: datetime) -> str:
    if all(box.refusal for box in boxes):
        return "Aucun moyen de joindre cette personne maintenant."
    status = follow_up.status_at(now)
    return "" if status == FollowUpStatus.NOT_INVITED else str(status.label)


@dataclass(frozen=True)
class Reach:
    """How many of many people a channel reaches."""

    channel: Channel
    count: int
    checked: bool


def reach_of(run: ImportRun, channels: Sequence[Channel], asked: Collection[str] | None) -> list[Reach]:
    """For people too many to be listed: how many each channel reaches. One query."""
    people = services.invitable_rows(run).order_by().values("usager")
    contacts = Usager.objects.filter(pk__in=people).only("phone_number", "email", "address").order_by()
    counts: Counter[Channel] = Counter()
    for usager in contacts.iterator(chunk_size=5_000):
        counts.update(channel for channel in channels if can_reach(usager, channel))
    return [
        Reach(channel, counts[channel], channel in (AT_ONCE if asked is None else asked))
        for channel in channels
    ]


def invited_today(run: ImportRun, *, now: datetime) -> int:
    """How many of those who may be invited were, in this category, less than 24 hours ago. One query."""
    recent = Invitation.objects.filter(
        follow_up__motif_category=run.motif_category_id,
        follow_up__usager__in=services.invitable_rows(run).order_by().values("usager"),
        created_at__gt=now - AGAIN_AFTER,
    )
    return recent.exclude(message__status__in=NEVER_ARRIVED).values("follow_up").distinct().count()
