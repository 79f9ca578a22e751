"""Telling people about their rdvs, by SMS and mail."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from rdv_insertion.agenda.calendar import event_file
from rdv_insertion.agenda.links import rdv_url
from rdv_insertion.agenda.models import Participation
from rdv_insertion.agenda.presentation import help_phone, place_lines, title_of
from rdv_insertion.kernel import dates
from rdv_insertion.messaging import services as messaging
from rdv_insertion.messaging.enums import Purpose
from rdv_insertion.messaging.texts import FromTemplates

REMINDER_BEFORE = timedelta(hours=48)
# A worker that was down for less than this still sends the reminders that were due meanwhile.
REMINDER_TOLERANCE = timedelta(hours=12)

_WITH_EVENT = (Purpose.RDV_CREATED, Purpose.RDV_UPDATED)


def notify(participation_ids: Sequence[int], purpose: str, *, now: datetime) -> int:
    """Write one message a channel for each participation; returns how many people have a channel."""
    participations = Participation.objects.with_details().filter(pk__in=participation_ids).order_by("id")
    drafts = [draft for participation in participations for draft in _drafts(participation, purpose, now)]
    messaging.enqueue(drafts=drafts, now=now)
    return len({draft.to.pk for draft in drafts})


def _drafts(participation: Participation, purpose: str, now: datetime) -> list[messaging.Draft]:
    rdv = participation.rdv
    context = message_context(participation)
    calendar = event_file(participation, now=now) if purpose in _WITH_EVENT else ""
    moment = f"{rdv.starts_at:%Y%m%dT%H%M}-{participation.sequence}"
    if purpose == Purpose.RDV_REMINDER:
        moment = f"{rdv.starts_at:%Y%m%dT%H%M}"
    return [
        messaging.Draft(
            organisation=rdv.organisation,
            to=participation.usager,
            purpose=purpose,
            channel=channel,
            about=f"participation-{participation.pk}",
            period=moment,
            content=FromTemplates(purpose, context),
            calendar=calendar,
        )
        for channel in messaging.channels_for(participation.usager)
    ]


def message_context(participation: Participation) -> dict[str, Any]:
    """What the texts about a rdv may say; dates are on the clocks of the place."""
    rdv, category = participation.rdv, participation.rdv.motif.motif_category
    return {
        "person": participation.usager.polite_name,
        "organisation": rdv.organisation.name,
        "title": title_of(rdv),
        "subject": category.rdv_subject if category else "",
        "moment": dates.long_moment(rdv.starts_at, rdv.time_zone),
        "short_moment": dates.short_moment(rdv.starts_at, rdv.time_zone),
        "place": place_lines(rdv),
        "access": rdv.lieu.access if rdv.lieu else "",
        "link": rdv_url(participation),
        "help_phone": help_phone(rdv),
        "what_to_bring": category.what_to_bring if category else "",
        "instruction": rdv.motif.instruction,
        "mandatory": bool(category and category.is_mandatory),
    }
