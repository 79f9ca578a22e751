"""Telling people about their rdvs, by SMS and mail."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from rdv_insertion.agenda.calendar import event_file
from rdv_insertion.agenda.contents import Contents
from rdv_insertion.agenda.convocations import (
    Limit,
    about,
    channels_of,
    purpose_for,
    version_of,
)
from rdv_insertion.agenda.models import Participation
from rdv_insertion.agenda.phones import load_phones
from rdv_insertion.messaging import services as messaging
from rdv_insertion.messaging.enums import Purpose

REMINDER_BEFORE = timedelta(hours=48)
# A worker that was down for less than this still sends the reminders that were due meanwhile.
REMINDER_TOLERANCE = timedelta(hours=12)

_WITH_EVENT = (
    Purpose.RDV_CREATED,
    Purpose.RDV_UPDATED,
    Purpose.CONVOCATION_CREATED,
    Purpose.CONVOCATION_UPDATED,
)
_REMINDERS = (Purpose.RDV_REMINDER, Purpose.CONVOCATION_REMINDER)


def notify(
    participation_ids: Sequence[int], purpose: str, *, now: datetime, even_at_night: bool = False
) -> int:
    """Write one message a channel for each participation; returns how many people have a channel.

    `purpose` is that of a rdv: people who are summoned are told it as a convocation. `even_at_night` when the
    people have just asked for it themselves. A constant number of queries.
    """
    found = Participation.objects.with_details().filter(pk__in=participation_ids).order_by("id")
    participations = list(found)
    load_phones(one.rdv for one in participations)
    contents, limit = Contents(participations), Limit(participations, now)
    drafts = [
        replace(draft, even_at_night=even_at_night)
        for one in participations
        for draft in _drafts(one, purpose, contents, limit, now)
    ]
    messaging.enqueue(drafts=drafts, now=now)
    return len({draft.to.pk for draft in drafts if not draft.refusal})


def _drafts(
    participation: Participation, rdv_purpose: str, contents: Contents, limit: Limit, now: datetime
) -> list[messaging.Draft]:
    purpose = purpose_for(participation, rdv_purpose)
    return [
        draft_of(
            participation,
            purpose,
            channel,
            contents=contents,
            now=now,
            refusal=limit.refusal(participation, purpose, channel),
        )
        for channel in channels_of(participation, purpose)
    ]


def draft_of(
    participation: Participation,
    purpose: str,
    channel: str,
    *,
    contents: Contents,
    now: datetime,
    refusal: str = "",
) -> messaging.Draft:
    """What is told of this participation by one channel: the same thing in the same version, once."""
    rdv = participation.rdv
    reminder = purpose in _REMINDERS
    content = contents.of(participation, purpose, channel, now=now)
    return messaging.Draft(
        organisation=rdv.organisation,
        to=participation.usager,
        purpose=purpose,
        channel=channel,
        about=about(participation.pk),
        period=f"{rdv.starts_at:%Y%m%dT%H%M}" if reminder else version_of(participation),
        content=content,
        calendar=event_file(participation, title=content.title, now=now) if purpose in _WITH_EVENT else "",
        refusal=refusal,
    )
