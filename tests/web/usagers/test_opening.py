"""The first page: who invites, why, one button; and what a code that opens nothing says."""

from datetime import time, timedelta

import pytest
from django.utils import timezone

from rdv_insertion.agenda.models import Participation
from rdv_insertion.usagers.models import UsagerOrganisation
from tests.factories import InvitationFactory, MotifCategoryFactory, MotifFactory, PlageOuvertureFactory
from tests.web.usagers.conftest import NOW, paris, text


def test_the_first_page_says_who_invites_why_and_how_long_it_takes(client, invitation):
    page = text(client.get("/r/ABCD2345"))
    assert "Conseil départemental de la Drôme</strong> vous invite à un rendez-vous d'orientation." in page
    assert "Ce rendez-vous sert à démarrer un parcours d'accompagnement. Il dure 30 minutes." in page
    assert 'href="tel:+33475000000"' in page


def test_the_first_page_leads_straight_to_the_slots_of_the_only_place(client, invitation, lieu):
    assert f'href="/r/ABCD2345/creneaux/lieu-{lieu.pk}">Choisir mon créneau</a>' in text(
        client.get("/r/ABCD2345")
    )


def test_the_first_page_leads_to_the_places_when_there_are_several(client, invitation, motif):
    PlageOuvertureFactory(motif=motif)
    assert 'href="/r/ABCD2345/lieux">Choisir mon créneau</a>' in text(client.get("/r/ABCD2345"))


def test_a_right_code_shows_the_first_name_and_the_initial_only(client, invitation):
    page = text(client.get("/r/ABCD2345"))
    assert "Marina F." in page
    usager = invitation.follow_up.usager
    for secret in ("Foïs", "FOÏS", usager.email, "12345678", usager.affiliation_number):
        assert secret not in page


def test_the_stakes_are_said_when_the_rdv_is_mandatory(client, invitation):
    page = text(client.get("/r/ABCD2345"))
    assert "Ce rendez-vous est obligatoire." in page
    assert "votre RSA peut être réduit ou suspendu" in page


def test_nothing_is_said_to_be_at_stake_when_the_rdv_is_free(client, invitation):
    MotifCategoryFactory._meta.model.objects.update(is_mandatory=False)
    page = text(client.get("/r/ABCD2345"))
    assert "obligatoire" not in page
    assert "suspendu" not in page


def test_nothing_is_risked_in_a_category_that_says_nothing_of_it(client, invitation):
    MotifCategoryFactory._meta.model.objects.update(punishable_warning="")
    page = text(client.get("/r/ABCD2345"))
    assert "Ce rendez-vous est obligatoire." in page
    assert "suspendu" not in page


def test_a_rdv_by_phone_only_is_named_so(client, invitation, plage, motif, organisation, category):
    plage.delete()
    motif.delete()
    PlageOuvertureFactory(
        motif=MotifFactory(organisation=organisation, motif_category=category, by_phone=True)
    )
    assert "rendez-vous d'orientation téléphonique" in text(client.get("/r/ABCD2345"))


def test_the_end_of_the_invitation_is_said_in_full_letters(client, invitation):
    assert "Vous pouvez choisir jusqu'au <strong>jeudi 12 mars 2026 à 8 h</strong>" in text(
        client.get("/r/ABCD2345")
    )


def test_an_invitation_that_never_expires_says_no_end(client, organisation, plage):
    InvitationFactory(organisation=organisation, never_expires=True, code="NEVER234")
    assert "Vous pouvez choisir" not in text(client.get("/r/NEVER234"))


@pytest.mark.parametrize("written", ["abcd2345", "ABCD2345/", "abcd-2345", "ABCD2345.", "ABCD%202345"])
def test_the_link_opens_however_it_was_copied(client, invitation, written):
    response = client.get(f"/r/{written}")
    assert response.status_code == 200
    assert "Marina F." in text(response)


def test_opening_the_link_is_remembered_once(client, invitation, monday_morning):
    client.get("/r/ABCD2345")
    monday_morning.shift(timedelta(hours=1))
    client.get("/r/ABCD2345")
    invitation.refresh_from_db()
    assert invitation.clicked_at == NOW


def test_a_robot_that_asks_for_the_headers_only_is_not_a_click(client, invitation):
    assert client.head("/r/ABCD2345").status_code == 200
    invitation.refresh_from_db()
    assert invitation.clicked_at is None


def test_opening_every_link_of_the_path_books_nothing(client, invitation, slot):
    for address in ("/r/ABCD2345", "/r/ABCD2345/lieux", slot(paris(3, time(9)))):
        client.get(address, follow=True)
    assert not Participation.objects.exists()


def test_pages_are_never_cached_and_leak_no_address(client, invitation):
    response = client.get("/r/ABCD2345")
    assert "no-store" in response["Cache-Control"]
    assert response["Referrer-Policy"] == "same-origin"


def _expired(invitation):
    InvitationFactory._meta.model.objects.filter(pk=invitation.pk).update(expires_at=timezone.now())


def _closed(invitation):
    follow_up = invitation.follow_up
    type(follow_up).objects.filter(pk=follow_up.pk).update(closed_at=timezone.now())


def _archived(invitation):
    UsagerOrganisation.objects.filter(usager=invitation.follow_up.usager).update(archived_at=timezone.now())


def _no_longer_followed(invitation):
    UsagerOrganisation.objects.filter(usager=invitation.follow_up.usager).delete()


def _organisation_archived(invitation):
    type(invitation.organisation).objects.update(archived_at=timezone.now())


@pytest.mark.parametrize("end", [_expired, _closed, _archived, _no_longer_followed, _organisation_archived])
def test_an_expired_link_says_whom_to_call_and_nothing_else(client, invitation, slot, end):
    end(invitation)
    for address in ("/r/ABCD2345", "/r/ABCD2345/lieux", slot(paris(3, time(9)))):
        page = text(client.get(address))
        assert "Ce lien n'est plus valable" in page
        assert "04 75 00 00 00" in page
        assert "Marina" not in page
        assert "Conseil départemental" not in page


def test_an_expired_link_books_nothing(client, invitation, slot):
    _expired(invitation)
    client.post(slot(paris(3, time(9))))
    assert not Participation.objects.exists()


def test_a_link_that_has_served_leads_to_its_rdv_behind_the_name(client, participation):
    response = client.get("/r/ABCD2345", follow=True)
    assert response.redirect_chain == [(f"/rdv/{participation.code}", 302)]
    assert "C'est bien vous" in text(response)
    assert "12 mars" not in text(response)


def test_a_second_link_of_the_same_person_leads_to_the_rdv_taken_with_the_first(client, participation):
    other = InvitationFactory(organisation=participation.rdv.organisation, follow_up=participation.follow_up)
    assert client.get(f"/r/{other.code}").url == f"/rdv/{participation.code}"


def test_a_link_whose_rdv_was_cancelled_serves_again(client, rdv_of):
    rdv_of(paris(12, time(9, 30)), status="excused")
    assert "Choisir mon créneau" in text(client.get("/r/ABCD2345"))


def test_a_link_whose_rdv_is_past_leads_to_it(client, rdv_of):
    past = rdv_of(NOW - timedelta(days=2), status="seen")
    assert client.get("/r/ABCD2345").url == f"/rdv/{past.code}"
