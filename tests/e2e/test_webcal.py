"""An agent puts their rdvs in their own agenda: a moved rdv reaches the calendar that they subscribed to."""

import re
from datetime import datetime, timedelta

import pytest
from icalendar import Calendar
from icalendar.cal import Component
from playwright.sync_api import Page, expect

from rdv_insertion.agenda.creneaux import offers
from rdv_insertion.agenda.models import Participation
from rdv_insertion.agenda.services import cancel, move
from rdv_insertion.messaging.models import Message
from tests.factories import (
    PASSWORD,
    AgentFactory,
    FollowUpFactory,
    MotifFactory,
    OrganisationFactory,
    ParticipationFactory,
    PlageOuvertureFactory,
    RdvFactory,
    next_weekday,
)

EMAIL = "alice@drome.test"


@pytest.fixture
def participation(transactional_db, settings, live_server) -> Participation:
    """A rdv of Alice in a week, that the person may move."""
    settings.PUBLIC_URL = live_server.url
    organisation = OrganisationFactory(name="Conseil départemental de la Drôme")
    agent = AgentFactory(
        organisation=organisation,
        email=EMAIL,
        first_name="Alice",
        last_name="Agent",
        notification_level="all",
    )
    motif = MotifFactory(organisation=organisation, name="RSA orientation")
    plage = PlageOuvertureFactory(motif=motif, agent=agent)
    rdv = RdvFactory(
        motif=motif,
        lieu=plage.lieu,
        agents=[agent],
        starts_at=next_weekday(datetime.now().astimezone() + timedelta(days=7)),
    )
    follow_up = FollowUpFactory(organisation=organisation, motif_category=motif.motif_category)
    return ParticipationFactory(rdv=rdv, follow_up=follow_up)


def log_in(page: Page) -> None:
    page.goto("/connexion/")
    page.locator("input[name=login]").fill(EMAIL)
    page.locator("input[name=password]").fill(PASSWORD)
    page.locator("input[name=password]").press("Enter")
    page.wait_for_url(lambda address: "connexion" not in address)


def create_link(page: Page) -> str:
    page.goto("/compte/")
    page.get_by_role("button", name="Créer mon lien de calendrier").click()
    expect(page.get_by_text("Votre lien de calendrier est prêt")).to_be_visible()
    return page.get_by_label("Votre lien de calendrier").input_value()


def read(page: Page, address: str) -> Component:
    """The one event of the calendar, read as a program does: with its address, without a session."""
    page.context.clear_cookies()
    answer = page.request.get(address)
    assert answer.status == 200
    (event,) = Calendar.from_ical(answer.text()).walk("VEVENT")
    return event


def test_a_moved_then_cancelled_rdv_reaches_the_calendar_and_the_mail(
    participation, new_page, run_jobs, assert_accessible
):
    page = new_page()
    log_in(page)
    address = create_link(page)
    page.get_by_role("button", name="Copier").first.click()
    expect(page.get_by_text(re.compile("Lien copié|Le lien est sélectionné"))).to_be_visible()
    assert_accessible(page)
    before = read(page, address)
    rdv = participation.rdv
    assert before.decoded("dtstart") == rdv.starts_at

    later = rdv.starts_at + timedelta(hours=1)
    now = datetime.now().astimezone()
    move(participation=participation, offer=offers([rdv.motif])[0], starts_at=later, now=now)
    moved = read(page, address)
    assert str(moved["uid"]) == str(before["uid"])
    assert moved.decoded("dtstart") == later
    assert int(moved["sequence"]) > int(before["sequence"])

    run_jobs("notifications")
    told = Message.objects.get(agent__email=EMAIL)
    (asked,) = Calendar.from_ical(told.calendar).walk("VEVENT")
    for name in ("uid", "sequence", "dtstart", "dtend", "location", "summary"):
        assert asked[name] == moved[name]

    cancel(participation=participation, now=now)
    gone = read(page, address)
    assert str(gone["uid"]) == str(before["uid"])
    assert str(gone["status"]) == "CANCELLED"
    assert int(gone["sequence"]) > int(moved["sequence"])


def test_the_link_is_managed_on_a_narrow_screen_without_javascript(
    participation, new_page, assert_accessible, assert_fits
):
    page = new_page(width=320, javascript=False)
    log_in(page)
    page.goto("/compte/")
    assert_fits(page)
    assert_accessible(page)
    old = create_link(page)
    expect(page.get_by_role("button", name="Copier")).to_have_count(0)
    assert_fits(page)
    page.get_by_text("Changer ou supprimer le lien").click()
    page.get_by_role("button", name="Changer le lien").click()
    expect(page.get_by_text("L'ancien ne marche plus")).to_be_visible()
    assert page.get_by_label("Votre lien de calendrier").input_value() != old
    assert page.request.get(old).status == 404
    assert_accessible(page)
