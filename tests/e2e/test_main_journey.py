"""The main job on the real thing: `make demo`'s processes, a department's file, a browser, a phone.

From the file to a person sitting in front of an agent: import, invite, read the SMS, choose, cancel, choose
again, come. Axe looks at every page of the path.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.demo.running import Demo, started
from tests.imports import files

_DESK = {"width": 1280, "height": 900}
_PHONE = {"width": 320, "height": 640}
# The next page of a job that the worker does: it answers within a few seconds on a busy machine too.
_PATIENCE_IN_MILLISECONDS = 60_000
expect.set_options(timeout=_PATIENCE_IN_MILLISECONDS)


@pytest.fixture(scope="module")
def demo() -> Iterator[Demo]:
    with TemporaryDirectory(prefix="journey-") as folder, started(Path(folder)) as demo:
        demo.wait_until_it_says("Adresse")
        yield demo


@pytest.fixture
def agent(browser: Browser, demo: Demo) -> Iterator[Page]:
    """An agent at their desk."""
    context = _context(browser, demo)
    yield context.new_page()
    context.close()


@pytest.fixture
def phone(browser: Browser, demo: Demo, scriptless: set[Page]) -> Iterator[Page]:
    """The person's old phone: narrow, without JavaScript."""
    context = _context(browser, demo, viewport=_PHONE, java_script_enabled=False)
    page = context.new_page()
    scriptless.add(page)
    yield page
    context.close()


def _context(browser: Browser, demo: Demo, **options: object) -> BrowserContext:
    context = browser.new_context(
        base_url=demo.url, locale="fr-FR", reduced_motion="reduce", **{"viewport": _DESK, **options}
    )
    context.set_default_timeout(_PATIENCE_IN_MILLISECONDS)
    return context


@pytest.fixture
def click(assert_accessible):
    """Follow a link or press a button by its words, then have axe look at where one lands."""

    def go(page: Page, words: str) -> None:
        name = re.compile(words)
        page.get_by_role("button", name=name).or_(page.get_by_role("link", name=name)).first.click()
        page.wait_for_load_state()
        assert_accessible(page)

    return go


def test_from_the_departments_file_to_a_person_in_front_of_an_agent(
    demo, agent, phone, click, assert_accessible
):
    log_in(agent, assert_accessible)
    import_the_file(agent, click, assert_accessible)
    invite_everybody(agent, click, assert_accessible)
    expect(person_line(agent)).to_contain_text("Invitation en attente")

    phone.goto(link_in_the_sms(agent, assert_accessible))
    assert_accessible(phone)
    book(phone, click)
    agent.goto("/organisations/valence/usagers/?q=Delaunay")
    expect(person_line(agent)).to_contain_text("RDV à venir le")

    click(phone, "^Annuler$")
    click(phone, "Oui, annuler")
    agent.reload()
    expect(person_line(agent)).to_contain_text("Absence excusée")

    click(phone, "Choisir un autre créneau")
    book(phone, click)
    agent.reload()
    expect(person_line(agent)).to_contain_text("RDV à venir le")

    the_day_comes(demo)
    mark_as_seen(agent, click)
    agent.goto("/organisations/valence/usagers/?q=Delaunay")
    expect(person_line(agent)).to_contain_text("RDV honoré")


def log_in(page: Page, assert_accessible) -> None:
    page.goto("/connexion/")
    assert_accessible(page)
    page.get_by_label("Adresse mail professionnelle").fill("agent@demo.test")
    page.get_by_label("Mot de passe").fill("demo")
    page.get_by_role("button", name="Se connecter").click()
    expect(page.get_by_role("heading", name="Usagers")).to_be_visible()
    assert_accessible(page)


def import_the_file(page: Page, click, assert_accessible) -> None:
    """Three people of a file kept by hand, one of them with a phone, completed by the CNAF contact file."""
    click(page, "Importer une liste")
    page.locator("input[type=file]").first.set_input_files(
        {"name": "allocataires.xlsx", "mimeType": "application/octet-stream", "buffer": files.drome()}
    )
    page.locator("input[type=file]").last.set_input_files(
        {"name": "contacts.csv", "mimeType": "text/csv", "buffer": files.contacts()}
    )
    page.get_by_role("button", name="Lire le fichier").click()
    # A script sends the file, to show how far it is: the next page comes by itself.
    page.wait_for_url("**/colonnes/")
    assert_accessible(page)
    click(page, "Vérifier 3 lignes")
    expect(page.locator("#save-bar")).to_contain_text("3 personnes à créer")
    click(page, "Enregistrer 3 personnes")
    expect(page.get_by_text("L'enregistrement est terminé.")).to_be_visible()
    click(page, "Choisir qui inviter")


def invite_everybody(page: Page, click, assert_accessible) -> None:
    expect(page.get_by_text(re.compile(r"créneaux libres dans les 30"))).to_be_visible()
    click(page, "Inviter les personnes choisies")
    # The provider says a moment later that it has arrived.
    told = page.get_by_role("listitem")
    expect(told.filter(has_text=re.compile(r"SMS\s+(Envoyé|Reçu)")).first).to_be_visible()
    expect(told.filter(has_text=re.compile(r"(SMS|Mail)\s+En(voi en cours| attente)"))).to_have_count(0)
    assert_accessible(page)
    page.goto("/organisations/valence/usagers/?q=Delaunay")
    assert_accessible(page)


def person_line(page: Page):
    return page.get_by_role("row").filter(has_text="Marine")


def link_in_the_sms(page: Page, assert_accessible) -> str:
    """What the SMS says to tap, read where the demonstration shows it."""
    page.goto("/demo/messages?canal=sms&destinataire=0782605940")
    assert_accessible(page)
    return page.locator(".phone__bubble a").first.get_attribute("href") or ""


def book(page: Page, click) -> None:
    """Place, créneau, confirmation."""
    click(page, "Choisir mon créneau")
    page.locator(".person-card").first.click()
    page.locator(".slot-list a").first.click()
    click(page, "Confirmer ce rendez-vous")
    expect(page.get_by_role("heading", name="Votre rendez-vous est confirmé")).to_be_visible()


def the_day_comes(demo: Demo) -> None:
    """Nobody waits for days in a test: the rdv of Marine begins an hour ago."""
    with psycopg.connect(demo.database_url) as connection:
        moved = connection.execute(
            """
            UPDATE agenda_rdv
            SET starts_at = now() - interval '1 hour', ends_at = now() - interval '30 minutes'
            WHERE status = 'unknown' AND id IN (
                SELECT rdv_id FROM agenda_participation JOIN usagers_usager u ON u.id = usager_id
                WHERE u.phone_number = '+33782605940'
            )
            """
        )
        assert moved.rowcount == 1


def mark_as_seen(page: Page, click) -> None:
    person_line(page).get_by_role("link", name=re.compile("Marine")).click()
    click(page, "^Rendez-vous$")
    waiting = page.get_by_role("row").filter(has_text="Statut à renseigner")
    waiting.get_by_label(re.compile("Statut du rendez-vous")).select_option(label="RDV honoré")
    waiting.get_by_role("button", name="Enregistrer").click()
    expect(page.get_by_text("Statut enregistré : rdv honoré.")).to_be_visible()
