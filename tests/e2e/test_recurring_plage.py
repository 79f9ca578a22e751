"""A recurring plage with one exception, in a real Chromium: opened, one day taken out, then put back."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from rdv_insertion.agenda.models import PlageOuverture
from rdv_insertion.agenda.schedules import Schedule
from rdv_insertion.kernel import dates
from tests.factories import (
    PASSWORD,
    AbsenceFactory,
    AgentFactory,
    LieuFactory,
    MotifFactory,
    OrganisationFactory,
    PlageOuvertureFactory,
)


@pytest.fixture
def organisation(transactional_db):
    organisation = OrganisationFactory(name="Conseil départemental de la Drôme")
    AgentFactory(
        organisation=organisation, email="alice@drome.test", first_name="Alice", last_name="Agent", admin=True
    )
    MotifFactory(organisation=organisation, name="Orientation RSA")
    LieuFactory(organisation=organisation, name="Maison de Die")
    return organisation


def monday():
    today = timezone.localdate()
    return today + timedelta(days=7 - today.weekday())


def log_in(page: Page) -> None:
    page.goto("/organisations/")
    page.locator("input[name=login]").fill("alice@drome.test")
    page.locator("input[name=password]").fill(PASSWORD)
    page.locator("form button[type=submit]").first.click()
    page.wait_for_url("**/usagers/**")


def fill(page: Page, *, javascript: bool) -> None:
    page.locator("#id_title").fill("Permanence du lundi")
    page.get_by_text("Orientation RSA – sur place, 30 min").click()
    page.locator("#id_lieu").select_option(index=1)
    page.locator("#id_first_day").fill(monday().isoformat())
    page.locator("#id_start_time").fill("09:00")
    page.locator("#id_end_time").fill("12:00")
    page.get_by_text("Toutes les semaines, ou").click()
    if javascript:
        expect(page.locator("#recurrence-words")).to_contain_text("Toutes les semaines, le lundi")
    exception = monday() + timedelta(days=7)
    page.locator("[name=exception_dates]").first.fill(exception.isoformat())


@pytest.mark.parametrize(("width", "javascript"), [(1280, True), (320, False)])
def test_a_recurring_plage_with_one_exception(
    organisation, new_page, assert_accessible, assert_fits, width, javascript
):
    page = new_page(width=width, javascript=javascript)
    log_in(page)
    page.goto("/plages/")
    assert_accessible(page)
    page.locator("main").get_by_role("link", name="Ouvrir une plage").first.click()
    fill(page, javascript=javascript)
    assert_accessible(page)
    assert_fits(page)
    page.get_by_role("button", name="Enregistrer", exact=True).click()
    expect(page.locator("main")).to_contain_text("est enregistrée : toutes les semaines, le lundi")
    expect(page.locator("tbody")).to_contain_text("sauf 1 jour")
    assert_fits(page)

    series = Schedule.of(PlageOuverture.objects.get())
    third = monday() + timedelta(days=14)
    assert list(series.days(monday(), third)) == [monday(), third]

    take_one_day_out(page, third, assert_accessible, assert_fits)
    assert not Schedule.of(PlageOuverture.objects.get()).starts_on(third)

    page.get_by_role("button", name="Annuler").click()
    expect(page.locator("main")).to_contain_text("tout est comme avant")
    assert Schedule.of(PlageOuverture.objects.get()) == series


def take_one_day_out(page: Page, day, assert_accessible, assert_fits) -> None:
    plage = PlageOuverture.objects.get()
    page.goto(f"/plages/{plage.pk}/supprimer/?jour={day.isoformat()}")
    expect(page.locator("main")).to_contain_text(f"Le {dates.long_date(day)} seulement")
    assert_accessible(page)
    assert_fits(page)
    page.get_by_role("button", name="Supprimer", exact=True).click()
    expect(page.locator("main")).to_contain_text(f"est supprimée le {dates.long_date(day)}")


@pytest.mark.parametrize("width", [320, 1280])
def test_the_pages_of_configuration_are_accessible_and_fit(
    organisation, new_page, assert_accessible, assert_fits, width
):
    page = new_page(width=width)
    log_in(page)
    motif, lieu = organisation.motifs.get(), organisation.lieux.get()
    root = f"/organisations/{organisation.slug}/configuration/"
    for address in ("", "motifs/", f"motifs/{motif.pk}/", "lieux/", f"lieux/{lieu.pk}/"):
        page.goto(root + address)
        page.wait_for_load_state("networkidle")
        assert_fits(page)
        assert_accessible(page)


@pytest.mark.parametrize("width", [320, 1280])
def test_the_other_pages_of_plages_and_absences_are_accessible_and_fit(
    organisation, new_page, assert_accessible, assert_fits, width
):
    page = new_page(width=width)
    log_in(page)
    agent = organisation.agents.get()
    plage = PlageOuvertureFactory(motif=organisation.motifs.get(), agent=agent, first_day=monday())
    AbsenceFactory(agent=agent)
    edition = f"/plages/{plage.pk}/modifier/"
    for address in ("/plages/", edition, f"{edition}?portee=jour", "/absences/", "/absences/nouvelle/"):
        page.goto(address)
        page.wait_for_load_state("networkidle")
        assert_fits(page)
        assert_accessible(page)
    overlap_then_mistake(page, assert_accessible, assert_fits)


def overlap_then_mistake(page: Page, assert_accessible, assert_fits) -> None:
    """The two states in which a form comes back: something to confirm, something wrong."""
    page.goto("/plages/nouvelle/")
    fill(page, javascript=True)
    page.get_by_role("button", name="Enregistrer", exact=True).click()
    expect(page.locator("main")).to_contain_text("Rien n'est encore enregistré")
    assert_fits(page)
    assert_accessible(page)
    page.locator("#id_end_time").fill("08:00")
    page.get_by_role("button", name="Enregistrer", exact=True).click()
    expect(page.locator("main")).to_contain_text("La plage doit finir après avoir commencé")
    assert_fits(page)
    assert_accessible(page)
