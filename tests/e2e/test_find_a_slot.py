"""The next rdv taken before the interview ends: from the person's page, two clicks."""

import pytest
from playwright.sync_api import Page, expect

from rdv_insertion.agenda.models import Participation
from rdv_insertion.messaging.models import Message
from tests.factories import (
    PASSWORD,
    AgentFactory,
    FollowUpFactory,
    LieuFactory,
    MotifFactory,
    PlageOuvertureFactory,
)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def follow_up(organisation, configuration):
    category = configuration.motif_category
    motif = MotifFactory(organisation=organisation, motif_category=category)
    for number, name in enumerate(("Maison de Die", "Antenne de Crest")):
        PlageOuvertureFactory(
            motif=motif,
            lieu=LieuFactory(organisation=organisation, name=name),
            agent=AgentFactory(organisation=organisation, first_name=f"Agent{number}"),
        )
    return FollowUpFactory(organisation=organisation, motif_category=category)


def log_in(page: Page, agent) -> None:
    page.goto("/organisations/")
    page.get_by_label("Adresse mail").fill(agent.email)
    page.get_by_label("Mot de passe").fill(PASSWORD)
    page.get_by_role("button", name="Se connecter").first.click()
    expect(
        page.get_by_role("link", name="Se déconnecter").or_(page.get_by_text(str(agent))).first
    ).to_be_attached()


@pytest.mark.parametrize("width", [1280, 320])
@pytest.mark.parametrize("javascript", [True, False])
def test_a_person_leaves_with_their_next_rdv(
    new_page, assert_accessible, assert_fits, run_jobs, agent, follow_up, width, javascript
):
    page = new_page(width, javascript=javascript)
    log_in(page, agent)
    page.goto(f"/usagers/{follow_up.usager_id}/")
    page.get_by_role("link", name="Prendre le prochain rendez-vous").first.click()
    page.wait_for_load_state()
    assert_accessible(page)
    assert_fits(page)

    page.locator("a.first-slot").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Confirmer le rendez-vous")
    assert_accessible(page)
    assert_fits(page)
    page.get_by_role("button", name="Confirmer").click()
    expect(page.get_by_text("Le rendez-vous est pris")).to_be_visible()
    assert_accessible(page)
    assert_fits(page)

    participation = Participation.objects.get()
    assert (participation.usager_id, participation.follow_up_id) == (follow_up.usager_id, follow_up.pk)
    run_jobs("notifications")
    assert Message.objects.filter(usager=follow_up.usager, purpose="rdv_created").count() == 2
