"""Loading the department: structures, agendas, people, then what happened to each of them."""

import random
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, time, timedelta
from itertools import cycle

from django.db import transaction

from demo.department.days import add_today_of_the_agent, add_workshops
from demo.department.history import History, working_moment
from demo.department.moments import Moments
from demo.department.openings import HALF_SEASON, create_absences, create_plages
from demo.department.own_words import create_own_words
from demo.department.people import People
from demo.department.sectors import create_sectors
from demo.department.stories import Story, first_stories
from demo.department.structures import Structures, create_structures
from demo.department.waiting import call_back_an_invitation, create_waiting_runs
from demo.department.wording import ARCHIVING_REASONS
from rdv_insertion.followups.enums import FollowUpStatus
from rdv_insertion.followups.models import FollowUp
from rdv_insertion.followups.services import close_follow_up, open_follow_ups
from rdv_insertion.kernel import dates
from rdv_insertion.kernel.languages import Language
from rdv_insertion.territory.models import Department
from rdv_insertion.usagers.enums import CreatedThrough
from rdv_insertion.usagers.identity import Identity
from rdv_insertion.usagers.models import Usager, UsagerOrganisation
from rdv_insertion.usagers.services import PersonToSave, attach, save_people

SEED = 26
_ARCHIVABLE = (
    FollowUpStatus.CLOSED,
    FollowUpStatus.INVITATION_EXPIRED,
    FollowUpStatus.RDV_SEEN,
    FollowUpStatus.RDV_NOSHOW,
)
_ARCHIVED_EVERY = 9
# How many people read another language than French, and which.
_SPEAKERS = 24
_LANGUAGES = (Language.AR, Language.EN, Language.UK, Language.FA, Language.ES, Language.TR)


@transaction.atomic
def load_department(*, now: datetime) -> bool:
    """Fill an empty base with the demonstration, relative to `now`; False when there is something already."""
    if Department.objects.exists():
        return False
    generator = random.Random(SEED)  # noqa: S311 - made-up people, made up the same each time
    structures, today = create_structures(), dates.today(now)
    create_plages(structures, today=today)
    create_absences(structures, today=today)
    create_sectors(structures)
    create_own_words(structures, now=now)
    stories = first_stories(generator)
    _create_people(structures, stories, generator, now)
    _speak(stories)
    everything = [*stories, *(_open_next(structures, stories, now))]
    motifs = structures.motifs.values()
    individual = [motif for motif in motifs if not (motif.collective or motif.convocation)]
    moments = Moments(individual, since=now - HALF_SEASON, until=now + HALF_SEASON, generator=generator)
    history = History(structures, moments, generator=generator, now=now)
    done, going_on = _oriented_in_valence(stories)
    add_today_of_the_agent(structures, history, moments, done, now=now)
    add_workshops(structures, history, moments, going_on, now=now)
    for story in everything:
        history.tell(story)
    history.write()
    _close(everything, now)
    _archive(stories, now)
    call_back_an_invitation()
    create_waiting_runs(structures, now=now)
    return True


def _create_people(
    structures: Structures, stories: Sequence[Story], generator: random.Random, now: datetime
) -> None:
    people = People(generator, today=dates.today(now))
    arrivals: defaultdict[tuple[str, str, int], list[Story]] = defaultdict(list)
    for story in stories:
        arrivals[story.organisation, story.category, story.opened].append(story)
    for (slug, _, days), group in sorted(arrivals.items(), key=lambda one: one[0]):
        arrived_at = working_moment(now, days, time(8, 45))
        generator.shuffle(group)
        identities = people.several(len(group), slug, arrived_on=dates.today(arrived_at))
        identities = [
            replace(identity, phone_number=None, email=None) if story.on_paper else identity
            for story, identity in zip(group, identities, strict=True)
        ]
        saved = _save(structures, slug, identities, generator=generator, now=arrived_at)
        for story, usager in zip(group, saved, strict=True):
            story.usager = usager
        _open(structures, group, arrived_at)


def _save(
    structures: Structures,
    slug: str,
    identities: Sequence[Identity],
    *,
    generator: random.Random,
    now: datetime,
) -> list[Usager]:
    agents = structures.agents_of(slug)
    return save_people(
        people=[
            PersonToSave(
                identity,
                tags=generator.sample(structures.tags, k=generator.choice((0, 0, 1, 1, 2))),
                referents=generator.sample(agents, k=generator.choice((0, 0, 1))),
            )
            for identity in identities
        ],
        organisation=structures.organisations[slug],
        created_through=CreatedThrough.UPLOAD_PAGE if len(identities) > 1 else CreatedThrough.FORM,
        now=now,
    )


def _speak(stories: Sequence[Story]) -> None:
    """A few people read another language than French, from the first message on."""
    told = [story.usager for story in stories if story.usager]
    speakers = told[:: len(told) // _SPEAKERS]
    for usager, language in zip(speakers, cycle(_LANGUAGES), strict=False):
        usager.language = language
    Usager.objects.bulk_update(speakers, ["language"])


def _open(structures: Structures, stories: Iterable[Story], now: datetime) -> None:
    """Open the follow-ups of stories of one category, and keep what is known in memory on them."""
    told = list(stories)
    category = structures.categories[told[0].category]
    usagers = [story.usager for story in told if story.usager]
    opened = open_follow_ups(usagers=usagers, motif_category=category, now=now)
    for story, usager in zip(told, usagers, strict=True):
        follow_up: FollowUp = opened[usager.pk]
        follow_up.usager, follow_up.motif_category = usager, category
        story.follow_up = follow_up


def _open_next(structures: Structures, stories: Iterable[Story], now: datetime) -> list[Story]:
    """Open what follows an orientation, in the organisation that goes on with the person."""
    groups: defaultdict[tuple[str, str, int], list[Story]] = defaultdict(list)
    for story in stories:
        if story.next:
            story.next.usager = story.usager
            groups[story.next.organisation, story.next.category, story.next.opened].append(story.next)
    for (slug, _, days), group in sorted(groups.items(), key=lambda one: one[0]):
        opened_at = working_moment(now, days, time(8, 50))
        usagers = [story.usager for story in group if story.usager]
        attach(usagers=usagers, organisation=structures.organisations[slug], now=opened_at)
        _open(structures, group, opened_at)
    return [story for group in groups.values() for story in group]


def _oriented_in_valence(stories: Iterable[Story]) -> tuple[list[Usager], list[Usager]]:
    """Those whose orientation is done: with nothing after it so far, and with a next step."""
    oriented = [
        story
        for story in stories
        if (story.organisation, story.status) == ("valence", FollowUpStatus.RDV_SEEN)
    ]
    return (
        [story.usager for story in oriented if story.usager and story.next is None],
        [story.usager for story in oriented if story.usager and story.next is not None],
    )


def _close(stories: Iterable[Story], now: datetime) -> None:
    for story in stories:
        if story.closed and story.follow_up:
            close_follow_up(follow_up=story.follow_up, now=working_moment(now, story.closed, time(17, 30)))


def _archive(stories: Iterable[Story], now: datetime) -> None:
    """A dozen people whom their organisation keeps only as an archive."""
    candidates = [story for story in stories if story.status in _ARCHIVABLE and story.next is None]
    for number, story in enumerate(candidates[::_ARCHIVED_EVERY]):
        UsagerOrganisation.objects.filter(usager=story.usager, organisation__slug=story.organisation).update(
            archived_at=working_moment(now, 1, time(16)) - timedelta(minutes=number),
            archiving_reason=ARCHIVING_REASONS[number % len(ARCHIVING_REASONS)],
        )
