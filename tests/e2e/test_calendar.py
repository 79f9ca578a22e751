"""The agents' calendar in a real browser: drawing, keyboard, dragging, conflicts, undoing."""

from datetime import timedelta

import pytest
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.utils import timezone
from playwright.sync_api import expect

from rdv_insertion.agenda.models import Rdv
from tests.factories import (
    AbsenceFactory,
    AgentFactory,
    LieuFactory,
    MotifFactory,
    ParticipationFactory,
    PlageOuvertureFactory,
    RdvFactory,
)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def motif(configuration):
    return MotifFactory(
        organisation=configuration.organisation,
        motif_category=configuration.motif_category,
        name="Orientation RSA",
    )


@pytest.fixture
def colleague(organisation):
    return AgentFactory(organisation=organisation, first_name="Zoé", last_name="Zidane")


@pytest.fixture
def rdv(motif, agent):
    """At 10:00 on the next working day, in a plage from 9:00 to 12:00."""
    lieu = LieuFactory(organisation=motif.organisation, name="Maison de Valence")
    PlageOuvertureFactory(motif=motif, agent=agent, lieu=lieu)
    made = RdvFactory(motif=motif, agents=[agent], lieu=lieu)
    ParticipationFactory(rdv=made)
    return made


def log_in(page, agent, url):
    """A session of its own, without the login page."""
    session = SessionStore()
    session[SESSION_KEY] = str(agent.pk)
    session[BACKEND_SESSION_KEY] = "allauth.account.auth_backends.AuthenticationBackend"
    session[HASH_SESSION_KEY] = agent.get_session_auth_hash()
    session.create()
    page.context.add_cookies([{"name": "sessionid", "value": session.session_key, "url": url}])


@pytest.fixture
def open_calendar(new_page, live_server, agent):
    """The calendar at the day of a rdv: `open_calendar(rdv, view="jour", width=320)`."""

    def open_it(rdv, view="semaine", width=1280, agents=(), javascript=True):
        agent.preferences = {
            "agenda": {
                "vue": view,
                "organisations": {
                    str(rdv.organisation_id): {"agents": [one.pk for one in agents or [agent]]}
                },
            }
        }
        agent.save()
        page = new_page(width=width, javascript=javascript)
        log_in(page, agent, live_server.url)
        page.goto(f"/agenda/?jour={rdv.starts_at.date().isoformat()}")
        return page

    return open_it


def event_of(page, rdv):
    return page.locator(f"[data-event='rdv-{rdv.pk}']").first


def drag(page, rdv, hours):
    """Take the rdv by its middle and drop it some hours lower."""
    event = event_of(page, rdv)
    event.scroll_into_view_if_needed()
    box = event.bounding_box()
    # Two rows to an hour.
    hour = 2 * page.locator(".fc-timegrid-slots tr").first.bounding_box()["height"]
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x, y + 10)
    page.mouse.move(x, y + hour * hours, steps=8)
    page.mouse.up()


def test_each_view_draws_and_is_accessible(open_calendar, rdv, colleague, agent, assert_accessible):
    AbsenceFactory(agent=colleague, first_day=rdv.starts_at.date())
    page = open_calendar(rdv, agents=[agent, colleague])
    for view in ("Semaine", "Jour", "Mois", "Liste", "Côte à côte"):
        page.locator(".agenda-views").get_by_text(view, exact=True).click()
        expect(event_of(page, rdv)).to_contain_text(str(rdv.participations.get().usager))
        expect(page.locator("[data-event^='absence-']").first).to_be_attached()
        assert_accessible(page)


@pytest.mark.parametrize("view", ["jour", "semaine", "mois"])
def test_a_phone_gets_what_fits_it(open_calendar, rdv, view, assert_fits, assert_accessible):
    page = open_calendar(rdv, view=view, width=320)
    expect(event_of(page, rdv)).to_be_attached()
    assert_fits(page)
    assert_accessible(page)
    assert page.locator(".fc-timeGridWeek-view").count() == 0


def test_the_keyboard_reaches_a_rdv_and_opens_it(open_calendar, rdv):
    page = open_calendar(rdv)
    expect(event_of(page, rdv)).to_be_visible()
    page.locator("[data-print-link]").focus()
    for _ in range(12):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.dataset.event") == f"rdv-{rdv.pk}":
            break
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/rdvs/{rdv.pk}/")


def test_the_keyboard_goes_from_one_period_to_the_next(open_calendar, rdv):
    page = open_calendar(rdv, view="jour")
    title = page.locator("#agenda-period")
    here = title.inner_text()
    event_of(page, rdv).focus()
    page.keyboard.press("j")
    expect(title).not_to_have_text(here)
    page.keyboard.press("k")
    expect(title).to_have_text(here)


def test_a_rdv_is_dragged_to_another_hour_and_put_back(open_calendar, rdv, assert_accessible):
    page = open_calendar(rdv, view="jour")
    drag(page, rdv, hours=1)
    dialog = page.get_by_role("dialog", name="Déplacer ce rendez-vous ?")
    expect(dialog).to_contain_text("de 10 h à 11 h")
    expect(dialog.get_by_label("Prévenir la personne")).to_be_checked()
    assert_accessible(page)
    dialog.get_by_role("button", name="Déplacer").click()
    status = page.get_by_role("status")
    expect(status).to_contain_text("à 11 h")
    assert Rdv.objects.get(pk=rdv.pk).starts_at == rdv.starts_at + timedelta(hours=1)
    assert_accessible(page)
    status.get_by_role("button", name="Annuler").click()
    expect(status).to_contain_text("C'est annulé")
    assert Rdv.objects.get(pk=rdv.pk).starts_at == rdv.starts_at


def test_a_conflict_is_read_before_the_rdv_is_moved(open_calendar, rdv, motif, agent, assert_accessible):
    later = RdvFactory(motif=motif, agents=[agent], starts_at=rdv.starts_at + timedelta(hours=1))
    ParticipationFactory(rdv=later)
    page = open_calendar(rdv, view="jour")
    drag(page, rdv, hours=1)
    dialog = page.get_by_role("dialog", name="Déplacer ce rendez-vous ?")
    dialog.get_by_role("button", name="Déplacer").click()
    expect(dialog.get_by_role("alert")).to_contain_text("a déjà un rendez-vous")
    assert_accessible(page)
    assert Rdv.objects.get(pk=rdv.pk).starts_at == rdv.starts_at
    dialog.get_by_role("button", name="Déplacer quand même").click()
    expect(page.get_by_role("status")).to_contain_text("à 11 h")
    assert Rdv.objects.get(pk=rdv.pk).overbooked


def test_a_rdv_goes_back_to_its_place_when_it_is_not_confirmed(open_calendar, rdv):
    page = open_calendar(rdv, view="jour")
    top = event_of(page, rdv).bounding_box()["y"]
    drag(page, rdv, hours=1)
    page.get_by_role("dialog").get_by_role("button", name="Remettre à sa place").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert abs(event_of(page, rdv).bounding_box()["y"] - top) < 2
    assert Rdv.objects.get(pk=rdv.pk).starts_at == rdv.starts_at


def test_a_rdv_goes_back_to_its_place_when_the_network_fails(open_calendar, rdv):
    page = open_calendar(rdv, view="jour")
    top = event_of(page, rdv).bounding_box()["y"]
    page.route("**/deplacer/", lambda route: route.abort())
    drag(page, rdv, hours=1)
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Déplacer").click()
    expect(dialog.get_by_role("alert")).to_contain_text("Vérifiez votre connexion")
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    assert abs(event_of(page, rdv).bounding_box()["y"] - top) < 2


def test_a_rdv_is_dragged_to_a_colleague_and_put_back(open_calendar, rdv, agent, colleague):
    page = open_calendar(rdv, view="agents", agents=[agent, colleague])
    event = event_of(page, rdv)
    event.scroll_into_view_if_needed()
    box = event.bounding_box()
    there = page.get_by_role("group", name="Zoé Zidane").bounding_box()
    page.mouse.move(box["x"] + 20, box["y"] + 12)
    page.mouse.down()
    page.mouse.move(box["x"] + 40, box["y"] + 12)
    page.mouse.move(there["x"] + there["width"] / 2, box["y"] + 12, steps=8)
    page.mouse.up()
    dialog = page.get_by_role("dialog", name="Déplacer ce rendez-vous ?")
    expect(dialog).to_contain_text("Il sera confié à Zoé Zidane")
    dialog.get_by_role("button", name="Déplacer").click()
    expect(dialog.get_by_role("alert")).to_contain_text("Zoé Zidane ne reçoit pas pour ce motif")
    dialog.get_by_role("button", name="Déplacer quand même").click()
    expect(page.get_by_role("status")).to_contain_text("confié à un autre agent")
    assert list(Rdv.objects.get(pk=rdv.pk).agents.all()) == [colleague]
    expect(
        page.get_by_role("group", name="Zoé Zidane").locator(f"[data-event='rdv-{rdv.pk}']")
    ).to_have_count(1)
    expect(page.locator(f"[data-event='rdv-{rdv.pk}']")).to_have_count(1)
    page.get_by_role("status").get_by_role("button", name="Annuler").click()
    expect(page.get_by_role("status")).to_contain_text("C'est annulé")
    assert list(Rdv.objects.get(pk=rdv.pk).agents.all()) == [agent]


def test_a_rdv_is_stretched_by_its_lower_edge(open_calendar, rdv):
    page = open_calendar(rdv, view="jour")
    event = event_of(page, rdv)
    event.scroll_into_view_if_needed()
    event.hover()
    box = event.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] - 2)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] + box["height"] / 2, steps=6)
    page.mouse.up()
    dialog = page.get_by_role("dialog", name="Déplacer ce rendez-vous ?")
    expect(dialog).to_contain_text("au lieu de 10 h 30")
    expect(dialog.get_by_label("Prévenir la personne")).to_be_hidden()
    dialog.get_by_role("button", name="Déplacer").click()
    expect(page.get_by_role("status")).to_contain_text("il finit maintenant")
    assert Rdv.objects.get(pk=rdv.pk).ends_at > rdv.ends_at


def test_an_empty_hour_offers_to_create(open_calendar, rdv, agent, assert_accessible):
    page = open_calendar(rdv, view="jour")
    expect(event_of(page, rdv)).to_be_visible()
    page.locator(".fc-timegrid-slot-lane[data-time='14:00:00']").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("de 14 h à 14 h 30")
    assert_accessible(page)
    link = dialog.get_by_role("link", name="Nouveau rendez-vous").get_attribute("href")
    day = rdv.starts_at.date().isoformat()
    assert f"agent={agent.pk}&jour={day}&debut=14%3A00&fin=14%3A30" in link


def test_what_colleagues_do_appears_by_itself(open_calendar, rdv, motif, agent):
    page = open_calendar(rdv, view="jour")
    expect(event_of(page, rdv)).to_be_visible()
    other = RdvFactory(motif=motif, agents=[agent], starts_at=rdv.ends_at)
    ParticipationFactory(rdv=other)
    event_of(page, rdv).focus()
    page.evaluate("window.dispatchEvent(new Event('focus'))")
    expect(event_of(page, other)).to_be_visible()
    assert page.evaluate("document.activeElement.dataset.event") == f"rdv-{rdv.pk}"


def test_what_keeps_it_from_refreshing_is_said(open_calendar, rdv):
    page = open_calendar(rdv, view="jour")
    expect(event_of(page, rdv)).to_be_visible()
    page.route("**/evenements/**", lambda route: route.abort())
    page.evaluate("window.dispatchEvent(new Event('focus'))")
    expect(page.get_by_role("alert")).to_contain_text("Vérifiez votre connexion")
    expect(event_of(page, rdv)).to_be_visible()
    page.unroute_all()
    page.get_by_role("button", name="Réessayer maintenant").click()
    expect(page.get_by_role("alert")).to_have_count(0)
    page.context.clear_cookies()
    page.evaluate("window.dispatchEvent(new Event('focus'))")
    expect(page.get_by_role("alert")).to_contain_text("Votre session est terminée")


def test_without_scripts_the_table_takes_its_place(open_calendar, rdv, assert_accessible):
    page = open_calendar(rdv, javascript=False)
    page.wait_for_url("**/agenda/tableau/**")
    expect(page.get_by_role("heading", name="Agenda en tableau")).to_be_visible()
    assert_accessible(page)


@pytest.mark.parametrize("width", [320, 1280])
def test_the_pages_beside_are_accessible(open_calendar, rdv, width, assert_fits, assert_accessible):
    page = open_calendar(rdv, width=width)
    day = timezone.localdate(rdv.starts_at).isoformat()
    for address in (
        f"/agenda/tableau/?jour={day}",
        f"/agenda/impression/?jour={day}",
        "/agenda/?a-renseigner=1",
    ):
        page.goto(address)
        assert_fits(page)
        assert_accessible(page)
