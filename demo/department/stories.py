"""What happened to each person, so that every status of design/domain.md is met, some of them after detours.

A story is told in days before today. The campaigns of invitations fall on a few days only, as they do in a
team that sends its list once or twice a week.
"""

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from demo.department.structures import CONFIGURATIONS
from rdv_insertion.followups.enums import FollowUpStatus, ParticipationStatus
from rdv_insertion.followups.models import FollowUp
from rdv_insertion.usagers.models import Usager

_S = FollowUpStatus
CAMPAIGNS = (1, 2, 3, 4, 6, 9, 12, 16, 20, 25, 30, 37, 45, 58, 66, 74)
_OLD_CAMPAIGNS = (58, 66, 74)

# How many people stand where, in the category that each organisation receives first.
FIRST_STORIES: Mapping[tuple[str, str], Mapping[FollowUpStatus, int]] = {
    ("valence", "rsa_orientation"): {
        _S.NOT_INVITED: 16,
        _S.INVITATION_PENDING: 24,
        _S.INVITATION_EXPIRED: 14,
        _S.RDV_PENDING: 26,
        _S.RDV_NEEDS_STATUS_UPDATE: 7,
        _S.RDV_SEEN: 54,
        _S.RDV_NOSHOW: 9,
        _S.RDV_EXCUSED: 7,
        _S.RDV_REVOKED: 4,
        _S.CLOSED: 13,
    },
    ("die", "rsa_accompagnement"): {
        _S.NOT_INVITED: 4,
        _S.INVITATION_PENDING: 6,
        _S.INVITATION_EXPIRED: 4,
        _S.RDV_PENDING: 7,
        _S.RDV_NEEDS_STATUS_UPDATE: 2,
        _S.RDV_SEEN: 9,
        _S.RDV_NOSHOW: 3,
        _S.RDV_EXCUSED: 2,
        _S.RDV_REVOKED: 1,
        _S.CLOSED: 2,
    },
    ("montelimar", "rsa_orientation"): {
        _S.NOT_INVITED: 6,
        _S.INVITATION_PENDING: 9,
        _S.INVITATION_EXPIRED: 5,
        _S.RDV_PENDING: 9,
        _S.RDV_NEEDS_STATUS_UPDATE: 3,
        _S.RDV_SEEN: 12,
        _S.RDV_NOSHOW: 3,
        _S.RDV_EXCUSED: 2,
        _S.RDV_REVOKED: 1,
        _S.CLOSED: 3,
    },
    ("romans", "siae_interview"): {
        _S.NOT_INVITED: 5,
        _S.INVITATION_PENDING: 7,
        _S.INVITATION_EXPIRED: 4,
        _S.RDV_PENDING: 6,
        _S.RDV_NEEDS_STATUS_UPDATE: 2,
        _S.RDV_SEEN: 8,
        _S.RDV_NOSHOW: 2,
        _S.RDV_EXCUSED: 1,
        _S.RDV_REVOKED: 1,
        _S.CLOSED: 3,
    },
}

# Where people whose orientation is done go next: from, to, and where they stand there.
NEXT_STORIES: tuple[tuple[tuple[str, str], tuple[str, str], Mapping[FollowUpStatus, int]], ...] = (
    (
        ("valence", "rsa_orientation"),
        ("valence", "rsa_cer_signature"),
        {
            _S.NOT_INVITED: 2,
            _S.INVITATION_PENDING: 4,
            _S.INVITATION_EXPIRED: 1,
            _S.RDV_PENDING: 5,
            _S.RDV_NEEDS_STATUS_UPDATE: 1,
            _S.RDV_SEEN: 6,
            _S.RDV_NOSHOW: 1,
            _S.RDV_EXCUSED: 1,
        },
    ),
    (
        ("valence", "rsa_orientation"),
        ("valence", "rsa_accompagnement"),
        {_S.INVITATION_PENDING: 3, _S.RDV_PENDING: 4, _S.RDV_SEEN: 3, _S.RDV_REVOKED: 1},
    ),
    (
        ("valence", "rsa_orientation"),
        ("die", "rsa_accompagnement"),
        {_S.NOT_INVITED: 2, _S.INVITATION_PENDING: 2, _S.RDV_PENDING: 3, _S.RDV_SEEN: 2},
    ),
    (
        ("valence", "rsa_orientation"),
        # Nobody opens plages for it: these people find no slot.
        ("die", "rsa_cer_signature"),
        {_S.NOT_INVITED: 2, _S.INVITATION_PENDING: 4},
    ),
    (
        ("montelimar", "rsa_orientation"),
        ("montelimar", "rsa_accompagnement"),
        {_S.NOT_INVITED: 1, _S.INVITATION_PENDING: 2, _S.RDV_PENDING: 3, _S.RDV_SEEN: 1},
    ),
)

_OUTCOMES = {
    _S.RDV_PENDING: ParticipationStatus.UNKNOWN,
    _S.RDV_NEEDS_STATUS_UPDATE: ParticipationStatus.UNKNOWN,
    _S.RDV_SEEN: ParticipationStatus.SEEN,
    _S.RDV_NOSHOW: ParticipationStatus.NOSHOW,
    _S.RDV_EXCUSED: ParticipationStatus.EXCUSED,
    _S.RDV_REVOKED: ParticipationStatus.REVOKED,
    _S.CLOSED: ParticipationStatus.SEEN,
}
# Campaigns after which each status is likely.
_INVITED = {
    _S.INVITATION_PENDING: (1, 2, 3, 4, 6),
    _S.RDV_PENDING: (3, 4, 6, 9),
    _S.RDV_NEEDS_STATUS_UPDATE: (12, 16, 20),
}
_INVITED_LONG_AGO = (16, 20, 25, 30, 37, 45)
_INVITED_AFTER_ORIENTATION = (16, 20, 25)
_MAIN = ("valence", "rsa_orientation")
# How many of those who are invited have neither a phone nor a mail: they are written to.
_ON_PAPER = 3
# Where those stand whose last rdv is a convocation; a rdv that is revoked is called off by the service.
_SUMMONED = (_S.RDV_PENDING, _S.RDV_NOSHOW, _S.RDV_REVOKED)
_MAY_HAVE_A_DETOUR = (
    _S.INVITATION_PENDING,
    _S.INVITATION_EXPIRED,
    _S.RDV_PENDING,
    _S.RDV_SEEN,
    _S.RDV_NOSHOW,
)


@dataclass
class Round:
    """One invitation or convocation, by how many days ago; `outcome` is None when nobody booked."""

    invited: int
    outcome: ParticipationStatus | None = None
    pending: bool = False
    # An agent set the rdv, to which the person must come.
    summoned: bool = False


@dataclass
class Story:
    """One person × one category in one organisation."""

    organisation: str
    category: str
    status: FollowUpStatus
    opened: int
    rounds: list[Round] = field(default_factory=list)
    closed: int | None = None
    on_paper: bool = False
    next: "Story | None" = None
    # Filled when written.
    usager: Usager | None = None
    follow_up: FollowUp | None = None


def first_stories(generator: random.Random) -> list[Story]:
    """One story a person, some with another one to follow."""
    stories = []
    for (organisation, category), counts in FIRST_STORIES.items():
        for status, count in counts.items():
            stories += [_story(organisation, category, status, generator) for _ in range(count)]
    for origin, (organisation, category), counts in NEXT_STORIES:
        oriented = _oriented(stories, origin)
        for status in (status for status, count in counts.items() for _ in range(count)):
            before = next(oriented)
            before.rounds = [replace(before.rounds[-1], invited=generator.choice(_OLD_CAMPAIGNS))]
            before.opened = before.rounds[0].invited + 1
            before.closed = 32 if before.status == _S.CLOSED else None
            before.next = _story(organisation, category, status, generator, after_orientation=True)
    _summon(stories, generator)
    for story in [one for one in stories if _standing(one) == (*_MAIN, _S.INVITATION_PENDING)][:_ON_PAPER]:
        story.on_paper = True
    return stories


def _standing(story: Story) -> tuple[str, str, FollowUpStatus]:
    return story.organisation, story.category, story.status


def _summon(stories: list[Story], generator: random.Random) -> None:
    """A few people never answered their invitation: they were summoned, then came, did not come…"""
    for status in _SUMMONED:
        story = next(one for one in stories if _standing(one) == (*_MAIN, status))
        story.rounds = [Round(generator.choice(_OLD_CAMPAIGNS)), replace(story.rounds[-1], summoned=True)]
        story.opened = story.rounds[0].invited + 1


def _oriented(stories: list[Story], origin: tuple[str, str]) -> Iterator[Story]:
    for story in stories:
        done = story.status in (_S.RDV_SEEN, _S.CLOSED) and story.rounds
        if done and story.next is None and (story.organisation, story.category) == origin:
            yield story


def _story(
    organisation: str,
    category: str,
    status: FollowUpStatus,
    generator: random.Random,
    *,
    after_orientation: bool = False,
) -> Story:
    story = Story(organisation, category, status, opened=generator.choice((1, 2, 3, 5)))
    if status == _S.NOT_INVITED:
        return story
    invited = generator.choice(
        _campaigns(status, CONFIGURATIONS[organisation][category] or 0, after_orientation)
    )
    story.rounds.append(Round(invited, _OUTCOMES.get(status), pending=status == _S.RDV_PENDING))
    if not after_orientation and status in _MAY_HAVE_A_DETOUR and generator.random() < 0.18:
        missed = generator.choice([None, ParticipationStatus.NOSHOW, ParticipationStatus.EXCUSED])
        story.rounds.insert(0, Round(generator.choice(_OLD_CAMPAIGNS), missed))
    story.opened = story.rounds[0].invited + 1
    if status == _S.CLOSED:
        story.closed = 2
    return story


def _campaigns(status: FollowUpStatus, validity: int, after_orientation: bool) -> tuple[int, ...]:
    if status == _S.INVITATION_EXPIRED:
        return tuple(days for days in CAMPAIGNS if validity + 1 < days < validity + 16)
    return _INVITED.get(status, _INVITED_AFTER_ORIENTATION if after_orientation else _INVITED_LONG_AGO)
