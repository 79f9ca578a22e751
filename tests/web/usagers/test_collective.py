"""Signing up for a collective rdv: dates with seats left, one seat each, and other dates when it is full."""

from datetime import time, timedelta

import pytest
from django.test import Client

from rdv_insertion.agenda.models import Participation, Rdv
from tests.factories import (
    FollowUpFactory,
    InvitationFactory,
    LieuFactory,
    MotifFactory,
    PlageOuvertureFactory,
    RdvFactory,
)
from tests.web.usagers.conftest import NOW, paris, text

CODE = "GRPX2345"


@pytest.fixture
def atelier(organisation, category):
    return MotifFactory(
        organisation=organisation,
        motif_category=category,
        collectif=True,
        name="Atelier CV",
        duration=timedelta(hours=2),
    )


@pytest.fixture
def session(atelier, lieu):
    """A workshop at the place: `session(paris(10, time(14)), seats=3, taken=1)`."""

    def make(moment, seats=12, taken=0, **values):
        values = {"motif": atelier, "lieu": lieu} | values
        return RdvFactory(starts_at=moment, max_participants_count=seats, seats_taken=taken, **values)

    return make


@pytest.fixture
def invited(organisation, category):
    """Somebody with an invitation of their own."""

    def invite(code=CODE, **values):
        follow_up = FollowUpFactory(organisation=organisation, motif_category=category)
        return InvitationFactory(organisation=organisation, follow_up=follow_up, code=code, **values)

    return invite


def dates_page(lieu, code=CODE):
    return f"/r/{code}/creneaux/atelier-lieu-{lieu.pk}"


def test_the_only_place_is_not_asked_and_its_dates_are_listed_in_order(client, invited, session, lieu):
    invited()
    late, soon = session(paris(17, time(14)), name="Atelier du mardi"), session(paris(10, time(14)))
    assert "Choisir ma date" in text(client.get(f"/r/{CODE}"))
    response = client.get(f"/r/{CODE}/lieux", follow=True)
    assert response.redirect_chain == [(dates_page(lieu), 302)]
    page = text(response)
    assert "Étape 1 sur 2" in page
    assert page.index("Mardi 10 mars 2026 à 14 h") < page.index("Mardi 17 mars 2026 à 14 h")
    assert "Atelier CV, 2 heures" in page
    assert "Atelier du mardi, 2 heures" in page
    for rdv in (soon, late):
        assert f'href="/r/{CODE}/ateliers/{rdv.pk}"' in page


@pytest.mark.parametrize(
    ("seats", "taken", "said"),
    [(12, 9, "Il reste 3 places"), (12, 11, "Dernière place"), (12, 0, "Il reste 12 places")],
)
def test_the_seats_left_are_said(client, invited, session, lieu, seats, taken, said):
    invited()
    session(paris(10, time(14)), seats=seats, taken=taken)
    assert said in text(client.get(dates_page(lieu)))


def test_nothing_is_said_of_seats_without_a_limit(client, invited, session, lieu):
    invited()
    session(paris(10, time(14)), seats=None, taken=40)
    page = text(client.get(dates_page(lieu)))
    assert "Mardi 10 mars 2026" in page
    assert "Il reste" not in page
    assert "Dernière place" not in page


def test_full_cancelled_past_and_too_soon_ones_are_not_shown(client, invited, session, lieu):
    invited()
    session(paris(10, time(14)))
    session(paris(11, time(14)), seats=2, taken=2)
    session(paris(12, time(14)), status="revoked")
    session(NOW - timedelta(days=1))
    session(NOW + timedelta(minutes=29))
    assert text(client.get(dates_page(lieu))).count("person-card__moment") == 1


def test_a_seat_is_confirmed_then_taken_and_shown(client, invited, session):
    invitation = invited()
    rdv = session(paris(10, time(14)), seats=3, name="Écrire son CV")
    page = text(client.get(f"/r/{CODE}/ateliers/{rdv.pk}"))
    assert "Mardi 10 mars 2026 à 14 h" in page
    assert "Il reste 3 places" in page
    assert "Étape 2 sur 2" in page
    response = client.post(f"/r/{CODE}/ateliers/{rdv.pk}", follow=True)
    participation = Participation.objects.get()
    assert (participation.rdv, participation.usager) == (rdv, invitation.follow_up.usager)
    assert participation.booking_key == f"invitation-{CODE}"
    rdv.refresh_from_db()
    assert rdv.seats_taken == 1
    assert "Votre rendez-vous est confirmé" in text(response)
    assert "Écrire son CV" in text(response)


def test_a_seat_taken_twice_or_two_dates_with_one_invitation_give_one(client, invited, session):
    invited()
    rdv, other = session(paris(10, time(14))), session(paris(11, time(14)))
    first = client.post(f"/r/{CODE}/ateliers/{rdv.pk}")
    for again in (rdv, other):
        assert client.post(f"/r/{CODE}/ateliers/{again.pk}").url == first.url
    assert list(Rdv.objects.order_by("pk").values_list("seats_taken", flat=True)) == [1, 0]


def test_a_date_that_is_full_meanwhile_gives_the_others(client, invited, session, lieu):
    invited()
    rdv = session(paris(10, time(14)), seats=1, taken=1)
    session(paris(11, time(14)))
    session(paris(12, time(14)))
    for response, status in (
        (client.get(f"/r/{CODE}/ateliers/{rdv.pk}"), 200),
        (client.post(f"/r/{CODE}/ateliers/{rdv.pk}"), 409),
    ):
        assert response.status_code == status
        page = text(response)
        assert "Cette date n'est plus disponible. En voici deux autres." in page
        assert "Mercredi 11 mars 2026 à 14 h" in page
        assert lieu.name in page


def test_when_no_date_is_left_the_page_says_whom_to_call(client, invited, session, lieu):
    invited()
    rdv = session(paris(10, time(14)), seats=1, taken=1)
    for address in (f"/r/{CODE}/ateliers/{rdv.pk}", f"/r/{CODE}/lieux", dates_page(lieu)):
        page = text(client.get(address, follow=True))
        assert "04 75 00 00 00" in page
        assert "Vous pouvez aussi revenir plus tard" in page


@pytest.mark.django_db(transaction=True)
def test_two_people_on_the_last_seat_get_one_and_a_polite_answer(invited, session, in_threads):
    rdv = session(paris(10, time(14)), seats=1)
    session(paris(11, time(14)))
    codes = [invited(code).code for code in ("AAAA2345", "BBBB2345")]
    answers = in_threads(*[lambda code=code: Client().post(f"/r/{code}/ateliers/{rdv.pk}") for code in codes])
    assert sorted(answer.status_code for answer in answers) == [302, 409]
    assert Participation.objects.count() == 1


def test_cancelling_frees_the_seat_and_the_person_may_come_back(client, invited, session, lieu):
    invited()
    rdv = session(paris(10, time(14)), seats=1)
    seat = f"/r/{CODE}/ateliers/{rdv.pk}"
    mine = client.post(seat).url
    client.post(f"{mine}/annuler")
    rdv.refresh_from_db()
    assert (rdv.seats_taken, rdv.status) == (0, "unknown")
    assert "Dernière place" in text(client.get(dates_page(lieu)))
    assert client.post(seat).url == mine
    assert Participation.objects.get().status == "unknown"


def test_a_collective_rdv_is_not_moved_online(client, invited, session):
    invited()
    mine = client.post(f"/r/{CODE}/ateliers/{session(paris(20, time(14))).pk}").url
    assert "Ce rendez-vous ne se déplace pas en ligne." in text(client.get(mine))


def test_a_place_may_be_chosen_alone_with_an_agent_or_with_others(client, invitation, session, lieu):
    session(paris(10, time(14)))
    page = text(client.get("/r/ABCD2345/lieux"))
    assert "Seul avec un agent" in page
    assert "Avec d'autres personnes" in page
    assert "Première date : <strong>mardi 10 mars</strong>" in page
    assert f'href="{dates_page(lieu, "ABCD2345")}"' in page
    assert "Étape 2 sur 3" in text(client.get(dates_page(lieu, "ABCD2345")))


def test_the_conditions_of_a_workshop_come_before_its_dates(client, invited, session, atelier, lieu):
    invited()
    type(atelier).objects.update(restriction="Il faut savoir lire.")
    rdv = session(paris(10, time(14)))
    assert client.post(f"/r/{CODE}/ateliers/{rdv.pk}").url == dates_page(lieu)
    assert "Il faut savoir lire." in text(client.get(dates_page(lieu)))
    client.post(dates_page(lieu))
    assert client.post(f"/r/{CODE}/ateliers/{rdv.pk}").url.startswith("/rdv/")


@pytest.mark.parametrize("rdv_id", ["0", "999999", "99999999999999999999999"])
def test_a_date_that_never_was_gives_the_others(client, invited, session, rdv_id):
    invited()
    session(paris(10, time(14)))
    for response in (client.get(f"/r/{CODE}/ateliers/{rdv_id}"), client.post(f"/r/{CODE}/ateliers/{rdv_id}")):
        assert "En voici une autre." in text(response)
    assert not Participation.objects.exists()


def test_a_workshop_of_another_organisation_is_not_joined(client, invited, session, category):
    invited()
    elsewhere = RdvFactory(
        motif=MotifFactory(motif_category=category, collectif=True), starts_at=paris(10, time(14))
    )
    session(paris(11, time(14)))
    assert client.post(f"/r/{CODE}/ateliers/{elsewhere.pk}").status_code == 409
    assert not Participation.objects.exists()


def test_a_crowd_of_dates_asks_no_more_queries(
    client, invited, session, atelier, organisation, lieu, django_assert_max_num_queries
):
    invited()
    rdv = session(paris(10, time(14)))
    PlageOuvertureFactory(
        motif=MotifFactory(organisation=organisation, motif_category=atelier.motif_category)
    )
    session(paris(10, time(16)), lieu=LieuFactory(organisation=organisation))
    pages = [f"/r/{CODE}/lieux", dates_page(lieu), f"/r/{CODE}/ateliers/{rdv.pk}"]
    counts = []
    for page in pages:
        with django_assert_max_num_queries(13) as alone:
            assert client.get(page).status_code == 200
        counts.append(len(alone))
    for day in range(11, 31):
        session(paris(day, time(10)), lieu=LieuFactory(organisation=organisation))
    for page, count in zip(pages, counts, strict=True):
        with django_assert_max_num_queries(count):
            assert client.get(page).status_code == 200
