"""The end of an import in a browser: its figures, the choice of channels, colleagues asked, the result."""

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from rdv_insertion.imports import run as runner
from rdv_insertion.imports import services
from rdv_insertion.imports.models import ImportRun
from rdv_insertion.invitations.models import Invitation
from rdv_insertion.messaging.enums import Purpose
from rdv_insertion.messaging.models import Message
from tests.e2e.login import log_in
from tests.factories import AgentFactory, LieuFactory, MotifFactory, PlageOuvertureFactory
from tests.imports import files

pytestmark = pytest.mark.django_db(transaction=True)

BROWSERS = pytest.mark.parametrize(("width", "javascript"), [(1280, True), (320, False)])
PEOPLE = 8


@pytest.fixture
def run(admin, configuration) -> ImportRun:
    """Eight people written, of whom four have a mobile; six créneaux; a colleague."""
    header = ("Nom", "Prénom", "Mail", "Téléphone")
    rows = [
        (f"Nom{n}", f"Prenom{n}", f"p{n}@x.test", f"060102030{n}" if n % 2 else "") for n in range(PEOPLE)
    ]
    organisation, now = configuration.organisation, timezone.now()
    AgentFactory(organisation=organisation, first_name="Colette", last_name="Collègue")
    motif = MotifFactory(organisation=organisation, motif_category=configuration.motif_category)
    PlageOuvertureFactory(
        motif=motif,
        lieu=LieuFactory(organisation=organisation),
        once=True,
        first_day=timezone.localdate() + timezone.timedelta(days=10),
    )
    run = services.start(
        organisation=organisation,
        motif_category=configuration.motif_category,
        agent=admin,
        file=services.File("liste.csv", files.csv(header, *rows)),
        now=now,
    )
    services.set_columns(run=run, columns=run.columns, now=now)
    services.start_writing(run=run, now=now, in_background=False)
    runner.write(run, now=now)
    return run


@BROWSERS
def test_people_are_chosen_by_channel_colleagues_asked_then_everybody_told(
    new_page, run, assert_accessible, assert_fits, width, javascript
):
    def check() -> None:
        assert_accessible(page)
        assert_fits(page)

    page = new_page(width, javascript)
    log_in(page)
    page.goto(f"/imports/{run.pk}/enregistrement/")
    check()
    page.get_by_role("link", name="Annuler les créations").click()
    expect(page.get_by_text(f"{PEOPLE} personnes seront supprimées")).to_be_visible()
    check()
    page.get_by_role("link", name="Ne rien supprimer").click()
    page.get_by_role("link", name="Choisir qui inviter").click()
    expect(page.get_by_text("Il y a 6 créneaux libres pour 8 personnes")).to_be_visible()
    check()
    _ask_a_colleague(page, javascript=javascript)
    check()
    _choose_sms_only(page, javascript=javascript)
    page.get_by_role("button", name="Inviter les personnes choisies").click()
    expect(page.get_by_role("progressbar")).to_be_visible()
    check()
    runner.invite(ImportRun.objects.get(pk=run.pk), now=timezone.now())
    # The page refreshes itself, with scripts or without.
    expect(page.get_by_text("En attente d'envoi").first).to_be_visible()
    check()
    assert sorted(Invitation.objects.values_list("channel", flat=True)) == ["sms"] * 4


def _ask_a_colleague(page: Page, *, javascript: bool) -> None:
    page.get_by_text("Demander des créneaux à des collègues").click()
    page.get_by_text("Colette Collègue").click()
    page.get_by_role("button", name="Envoyer la demande").click()
    expect(page.get_by_text("1 collègue est prévenu par mail.")).to_be_visible()
    assert Message.objects.get(purpose=Purpose.SLOT_REQUEST).agent is not None
    if javascript:
        expect(page.get_by_label("Colette Collègue")).to_be_disabled()


def _choose_sms_only(page: Page, *, javascript: bool) -> None:
    page.get_by_role("link", name="Personne", exact=True).click()
    if javascript:
        expect(page.locator("[data-total]")).to_have_text("0")
        expect(page.locator("[data-too-few]")).to_be_hidden()
        page.get_by_label("Tout le monde : SMS").check()
        expect(page.locator("[data-chosen]")).to_have_text("4")
    else:
        page.get_by_role("link", name="Tout le monde par SMS seulement").click()
    expect(page.locator("input[name=sms]:checked")).to_have_count(4)
    expect(page.locator("input[name=email]:checked")).to_have_count(0)
