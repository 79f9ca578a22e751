"""A rdv as an event for the person's own agenda (RFC 5545)."""

from datetime import datetime

from icalendar import Calendar, Event

from rdv_insertion.agenda.enums import CANCELLED
from rdv_insertion.agenda.links import rdv_url
from rdv_insertion.agenda.models import Participation
from rdv_insertion.agenda.presentation import place_lines, title_of


def event_file(participation: Participation, *, now: datetime) -> str:
    """The text of an .ics file with this one event; it holds no name of a person.

    The UID stays the same through moves and SEQUENCE grows, so that an agenda replaces what it had.
    """
    rdv = participation.rdv
    event = Event()
    event.add("uid", f"rdv-{participation.code.lower()}@rdv-insertion")
    event.add("dtstamp", now)
    event.add("dtstart", rdv.starts_at)
    event.add("dtend", rdv.ends_at)
    event.add("sequence", participation.sequence)
    event.add("summary", title_of(rdv).capitalize())
    event.add("location", ", ".join(place_lines(rdv)))
    event.add("url", rdv_url(participation))
    event.add("status", "CANCELLED" if participation.status in CANCELLED else "CONFIRMED")
    calendar = Calendar()
    calendar.add("prodid", "-//rdv-insertion//FR")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add_component(event)
    return str(calendar.to_ical().decode())
