"""Rdvs as events for other agendas (RFC 5545, 5546): a person's own, and those of agents.

No event holds the name of a person who is followed: other agendas are shared, synchronised and searched by
programs that we do not know. Moments are written in UTC, which every program reads alike and shows on its
reader's clocks; a VTIMEZONE is worth its trouble only for events that repeat, and a rdv does not.
"""

import hashlib
import re
from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from email.utils import parseaddr
from enum import StrEnum

from django.conf import settings
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import override
from icalendar import Calendar, Event, vCalAddress

from rdv_insertion.agenda.enums import CANCELLED, LocationType
from rdv_insertion.agenda.links import agent_rdv_url, rdv_url
from rdv_insertion.agenda.models import FormerRdvAgent, Participation, Rdv
from rdv_insertion.agenda.presentation import visio_url
from rdv_insertion.agents.models import Agent
from rdv_insertion.kernel.text import plural, squish
from rdv_insertion.messaging.texts.national import in_reader_words

# How far back a feed goes, and how often programs are asked to read it again.
FEED_REACH = timedelta(days=31)
FEED_REFRESH = timedelta(minutes=15)

_RDV_OF_AN_EVENT = ("motif", "lieu", "organisation__department")


class Method(StrEnum):
    """What the agenda that gets an event does: show it, take it (and answer), take it out."""

    PUBLISH = "PUBLISH"
    REQUEST = "REQUEST"
    CANCEL = "CANCEL"


def event_file(participation: Participation, *, title: str, now: datetime) -> str:
    """The text of an .ics file with this one event, for the person and in their language.

    `title` is what the rdv is called, as after "votre". The UID stays the same through moves and SEQUENCE
    grows, so that an agenda replaces what it had.
    """
    rdv = participation.rdv
    event = Event()
    event.add("uid", f"rdv-{participation.code.lower()}@rdv-insertion")
    event.add("dtstamp", now)
    event.add("dtstart", rdv.starts_at)
    event.add("dtend", rdv.ends_at)
    event.add("sequence", participation.sequence)
    with override(participation.usager.language):
        event.add("summary", capfirst(in_reader_words(title)))
        event.add("location", _place_for_person(rdv))
    event.add("url", rdv_url(participation))
    event.add("status", "CANCELLED" if participation.status in CANCELLED else "CONFIRMED")
    calendar = _calendar(Method.PUBLISH)
    calendar.add_component(event)
    return _text(calendar)


def agent_event_file(
    rdv: Rdv, *, method: Method, attendees: Collection[Agent], sequence: int, now: datetime
) -> str:
    """The text of an .ics file that asks agents to come to `rdv` (REQUEST), or frees them (CANCEL).

    `sequence` is the version told: that of the rdv, or the one from which it was not theirs.
    """
    event = _event_of_agents(rdv, sequence=sequence, cancelled=method == Method.CANCEL, now=now)
    event.add("organizer", _address(parseaddr(settings.DEFAULT_FROM_EMAIL)[1], rdv.organisation.name))
    for agent in attendees:
        attendee = _address(agent.email, agent.get_full_name())
        attendee.params.update(
            {"CUTYPE": "INDIVIDUAL", "ROLE": "REQ-PARTICIPANT", "PARTSTAT": "NEEDS-ACTION", "RSVP": "TRUE"}
        )
        event.add("attendee", attendee)
    calendar = _calendar(method)
    calendar.add_component(event)
    return _text(calendar)


def feed_of(agent: Agent, *, now: datetime) -> str:
    """The calendar that `agent` subscribes to: their rdvs since a month ago, in two queries.

    Cancelled ones stay in it, said to be cancelled, and so do those that were taken from the agent: programs
    that keep what disappears from a feed learn it that way.
    """
    since = now - FEED_REACH
    visible = Rdv.objects.visible_to(agent).filter(starts_at__gte=since)
    own = visible.filter(rdv_agents__agent=agent, rdv_agents__starts_at__gte=since).select_related(
        *_RDV_OF_AN_EVENT
    )
    former = FormerRdvAgent.objects.filter(agent=agent, rdv__in=visible.order_by().values("pk"))
    former = former.exclude(rdv__rdv_agents__agent=agent)
    details = [f"rdv__{name}" for name in _RDV_OF_AN_EVENT]
    calendar = _feed_calendar()
    for rdv in own.order_by("starts_at", "pk"):
        cancelled = rdv.status in CANCELLED
        calendar.add_component(_event_of_agents(rdv, sequence=rdv.sequence, cancelled=cancelled, now=now))
    for part in former.select_related(*details).order_by("rdv__starts_at", "rdv"):
        event = _event_of_agents(
            part.rdv, sequence=part.sequence, cancelled=True, now=now, modified_at=part.removed_at
        )
        calendar.add_component(event)
    return _text(calendar)


def version_of(feed: str) -> str:
    """The same for two feeds that say the same: the moment at which each was written does not count."""
    return hashlib.sha256(re.sub(r"^DTSTAMP:.*\r\n", "", feed, flags=re.MULTILINE).encode()).hexdigest()[:32]


def place_for_agents(rdv: Rdv) -> str:
    """Where it happens, in a line that an agent reads: `Par téléphone`, the place and address, the room."""
    if rdv.lieu:
        return f"{rdv.lieu.name}, {rdv.lieu.address}"
    how = rdv.motif.get_location_type_display()
    return f"{how} : {visio_url(rdv)}" if rdv.motif.location_type == LocationType.VISIO else how


def _place_for_person(rdv: Rdv) -> str:
    """Where it happens, in the active language: the place and address, or how the person is joined."""
    if rdv.lieu:
        return f"{rdv.lieu.name}, {rdv.lieu.address}"
    return {
        LocationType.PHONE: _("Par téléphone : nous vous appelons."),
        LocationType.VISIO: _("En visioconférence, à cette adresse : %(url)s") % {"url": visio_url(rdv)},
        LocationType.HOME: _("Nous venons chez vous."),
    }.get(LocationType(rdv.motif.location_type), "")


def title_for_agents(rdv: Rdv) -> str:
    """The motif, and how many have come into a collective rdv: `Atelier CV (5/12)`."""
    if not rdv.motif.collective:
        return rdv.motif.name
    if rdv.max_participants_count is None:
        return f"{rdv.motif.name} ({plural(rdv.seats_taken, 'inscrit', 'inscrits')})"
    return f"{rdv.motif.name} ({rdv.seats_taken}/{rdv.max_participants_count})"


def _event_of_agents(
    rdv: Rdv, *, sequence: int, cancelled: bool, now: datetime, modified_at: datetime | None = None
) -> Event:
    """The event of a rdv in the agendas of its agents, whichever way it gets there."""
    title, page = title_for_agents(rdv), agent_rdv_url(rdv)
    event = Event()
    event.add("uid", f"{rdv.uuid}@rdv-insertion")
    event.add("dtstamp", now.astimezone(UTC))
    event.add("dtstart", rdv.starts_at.astimezone(UTC))
    event.add("dtend", rdv.ends_at.astimezone(UTC))
    event.add("sequence", sequence)
    event.add("last-modified", modified_at or _modified_at(rdv))
    # Some programs show a cancelled event of a feed like any other: its title says it too.
    event.add("summary", f"Annulé : {title}" if cancelled else title)
    event.add("location", place_for_agents(rdv))
    # Outlook does not show the URL of an event.
    event.add("description", f"{rdv.organisation.name}\nVoir ce rendez-vous : {page}")
    event.add("url", page)
    event.add("status", "CANCELLED" if cancelled else "CONFIRMED")
    event.add("transp", "TRANSPARENT" if cancelled else "OPAQUE")
    event.add("x-microsoft-cdo-busystatus", "FREE" if cancelled else "BUSY")
    return event


def _modified_at(rdv: Rdv) -> datetime:
    moments = (rdv.created_at, rdv.scheduled_at, rdv.cancelled_at)
    return max(moment for moment in moments if moment).astimezone(UTC)


def _address(email: str, name: str) -> vCalAddress:
    """A mailbox and its name, which somebody typed: nothing of it may end or escape the parameter."""
    address = vCalAddress(f"mailto:{email}")
    plain = "".join(letter if letter.isprintable() else " " for letter in name if letter not in '"\\^')
    address.params["CN"] = squish(plain)
    return address


def _calendar(method: Method) -> Calendar:
    calendar = Calendar()
    calendar.add("prodid", "-//rdv-insertion//FR")
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", str(method))
    return calendar


def _feed_calendar() -> Calendar:
    """Its name and how often it changes, in the words of each program."""
    calendar = _calendar(Method.PUBLISH)
    name = f"Mes rendez-vous ({settings.SERVICE_NAME})"
    calendar.add("name", name)
    calendar.add("x-wr-calname", name)
    calendar.add("refresh-interval", FEED_REFRESH, parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", f"PT{int(FEED_REFRESH.total_seconds()) // 60}M")
    return calendar


def _text(calendar: Calendar) -> str:
    return str(calendar.to_ical().decode())
