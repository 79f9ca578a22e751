"""Inviting a list in a browser: checked, prepared, launched, read, printed."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from rdv_insertion.invitations.models import InvitationRun
from rdv_insertion.invitations.services import runs
from rdv_insertion.messaging.enums import Channel, MessageStatus
from rdv_insertion.messaging.models import Message
from tests.e2e.login import log_in
from tests.factories import (
    AgentFactory,
    FollowUpFactory,
    InvitationFactory,
    LieuFactory,
    MotifFactory,
    PlageOuvertureFactory,
)

pytestmark = pytest.mark.django_db(transaction=True)

BROWSERS = pytest.mark.parametrize(("width", "javascript"), [(1280, True), (320, False)])


@pytest.fixture
def people(admin, configuration):
    """Eight people, of whom two without a mobile and one whom nothing reaches; six créneaux; a colleague."""
    organisation = configuration.organisation
    AgentFactory(organisation=organisation, first_name="Colette", last_name="Collègue")
    LieuFactory(organisation=organisation)
    PlageOuvertureFactory(
        motif=MotifFactory(organisation=organisation, motif_category=configuration.motif_category),
        once=True,
        first_day=timezone.localdate() + timedelta(days=10),
    )
    usual = {"organisation": organisation, "motif_category": configuration.motif_category}
    several = [FollowUpFactory(**usual) for _ in range(5)]
    several += [FollowUpFactory(**usual, usager__phone_number=None) for _ in range(2)]
    return [*several, FollowUpFactory(**usual, usager__unreachable=True)]


@BROWSERS
def test_a_list_is_prepared_launched_and_read(
    new_page, people, assert_accessible, assert_fits, width, javascript
):
    def check() -> None:
        assert_accessible(page)
        assert_fits(page)

    page = new_page(width, javascript)
    log_in(page)
    page.get_by_role("button", name="Inviter les 8 personnes non invitées").click()
    expect(page.get_by_text("Il y a 6 créneaux libres pour 7 personnes")).to_be_visible()
    expect(page.get_by_role("link", name="Ajouter un mobile").first).to_be_visible()
    check()
    page.get_by_text("Demander des créneaux à des collègues").click()
    page.get_by_text("Colette Collègue").click()
    page.get_by_role("button", name="Envoyer la demande").click()
    expect(page.get_by_text("1 collègue est prévenu par mail.")).to_be_visible()
    check()
    page.get_by_text("Lire ce que").click()
    check()
    page.locator("label[for=channel-email]").click()
    if not javascript:
        page.get_by_role("button", name="Mettre à jour les chiffres").click()
    page.get_by_role("button", name="Inviter 5 personnes").click()
    expect(page.get_by_role("progressbar")).to_be_visible()
    check()
    run = InvitationRun.objects.get()
    runs.advance(run_id=run.pk, now=timezone.now())
    Message.objects.filter(pk=Message.objects.filter(channel="sms").first().pk).update(
        status=MessageStatus.TECHNICAL_FAILURE, failure="Le prestataire est en panne."
    )
    # The page refreshes itself, with scripts or without.
    expect(page.get_by_text("1 message n'est pas parti")).to_be_visible()
    check()
    page.get_by_role("button", name="Réessayer les échecs").click()
    expect(page.get_by_text("1 message repart")).to_be_visible()
    page.get_by_role("link", name="Voir tous les envois").click()
    expect(page.get_by_text("Terminé")).to_be_visible()
    check()


@BROWSERS
def test_the_letters_of_those_who_did_not_answer_are_printed_in_one_click(
    new_page, people, configuration, assert_accessible, assert_fits, width, javascript
):
    configuration.letter_after_days = 10
    configuration.save()
    for follow_up in people:
        InvitationFactory(
            follow_up=follow_up,
            organisation=configuration.organisation,
            created_at=timezone.now() - timedelta(days=11),
        )
    page = new_page(width, javascript)
    log_in(page)
    page.get_by_role("link", name="Courriers (7 à imprimer)").click()
    expect(page.get_by_role("heading", name="7 personnes sans réponse")).to_be_visible()
    assert_accessible(page)
    assert_fits(page)
    with page.expect_popup():
        page.get_by_role("button", name="Imprimer les 7 courriers (PDF)").click()
    page.goto(page.url)
    expect(page.get_by_role("link", name="Réimprimer 7 courriers")).to_be_visible()
    assert_accessible(page)
    assert_fits(page)
    printed = Message.objects.filter(channel=Channel.LETTER, status=MessageStatus.PRINTED)
    assert printed.count() == 7
