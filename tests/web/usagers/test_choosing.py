"""Choosing a place, then a start in a week."""

import re
from datetime import date, time, timedelta

import pytest

from rdv_insertion.agenda.models import PlageOuverture
from rdv_insertion.kernel import dates
from tests.factories import (
    FollowUpFactory,
    InvitationFactory,
    LieuFactory,
    MotifFactory,
    OrganisationFactory,
    PlageOuvertureFactory,
    RdvFactory,
)
from tests.web.usagers.conftest import paris, text

PLACES = "/r/ABCD2345/lieux"


@pytest.fixture
def slots(lieu):
    return f"/r/ABCD2345/creneaux/lieu-{lieu.pk}"


def starts(response):
    """The starts of a page, as a screen reader says them."""
    page = text(response)
    return [
        f"{day}{clock}"
        for day, clock in re.findall(r'<span class="fr-sr-only">([^<]*)</span>(\d+ h[^<]*)', page)
    ]


# --- Places ---


def test_the_only_place_is_not_asked(client, invitation, slots):
    assert client.get(PLACES).url == slots


def test_places_show_address_access_and_first_free_day(client, invitation, motif, organisation):
    die = LieuFactory(
        organisation=organisation, name="Maison de Die", address="4 rue X, 26150 Die", access="Ascenseur"
    )
    PlageOuvertureFactory(motif=motif, lieu=die, recurrence="FREQ=WEEKLY;BYDAY=TH")
    page = text(client.get(PLACES))
    assert "Où voulez-vous venir" in page
    assert "Étape 1 sur 3" in page
    assert "4 rue X, 26150 Die" in page
    assert "Ascenseur" in page
    assert "Premier créneau libre : <strong>lundi 2 mars</strong>" in page
    assert "Premier créneau libre : <strong>jeudi 5 mars</strong>" in page


@pytest.mark.parametrize(
    ("kind", "key", "words"),
    [
        ("by_phone", "phone", ["Par téléphone", "Un agent vous appelle à l'heure choisie."]),
        ("visio", "visio", ["En visioconférence", "Vous recevez le lien avec la confirmation."]),
    ],
)
def test_phone_and_visio_are_shown_as_such(client, invitation, organisation, category, kind, key, words):
    PlageOuvertureFactory(
        motif=MotifFactory(organisation=organisation, motif_category=category, **{kind: True})
    )
    page = text(client.get(PLACES))
    assert [word for word in words if word not in page] == []
    assert f'href="/r/ABCD2345/creneaux/{key}"' in page


def test_a_place_without_free_slots_is_said_and_cannot_be_chosen(client, invitation, motif, organisation):
    full = LieuFactory(organisation=organisation, name="Lieu complet")
    PlageOuvertureFactory(motif=motif, lieu=full, once=True)
    page = text(client.get(PLACES))
    assert "Lieu complet" in page
    assert "Aucun créneau libre pour le moment" in page
    assert f"lieu-{full.pk}" not in page


def test_no_free_slot_anywhere_says_whom_to_call(client, invitation, plage, slots, slot):
    PlageOuverture.objects.update(recurrence="", last_day=plage.first_day)
    for address in (PLACES, slots, slot(paris(3, time(9)))):
        page = text(client.get(address, follow=True))
        assert "Il n'y a plus de créneau libre pour le moment" in page
        assert "04 75 00 00 00" in page


def test_an_organisation_without_any_opening_says_whom_to_call(client, organisation):
    InvitationFactory(organisation=organisation, code="NXPPAGES")
    assert "Choisir mon créneau" in text(client.get("/r/NXPPAGES"))
    page = text(client.get("/r/NXPPAGES/lieux"))
    assert "Il n'y a plus de créneau libre pour le moment" in page
    assert "04 75 00 00 00" in page


def test_a_full_place_among_others_leads_to_the_others(client, invitation, motif, organisation):
    full = PlageOuvertureFactory(motif=motif, once=True).lieu
    page = text(client.get(f"/r/ABCD2345/creneaux/lieu-{full.pk}"))
    assert "Il n'y a plus de créneau libre ici" in page
    assert f'href="{PLACES}"' in page


# --- Weeks ---


def test_the_first_week_shown_is_the_first_one_with_slots(client, invitation, plage, slots):
    PlageOuverture.objects.update(first_day=date(2026, 3, 18))
    response = client.get(slots)
    assert "Semaine du 16 mars 2026" in text(response)
    assert starts(response)[0] == "mercredi 18 mars à 9 h"
    assert "Plus tôt" not in text(response)


def test_a_day_has_its_morning_and_its_afternoon(client, invitation, plage, slots):
    PlageOuverture.objects.update(start_time=time(11), end_time=time(14), recurrence="FREQ=WEEKLY;BYDAY=TU")
    page = text(client.get(slots))
    morning, afternoon = page.index("<h4>Matin</h4>"), page.index("<h4>Après-midi</h4>")
    assert morning < page.index("11 h 30<") < afternoon < page.index("13 h 30<")
    assert afternoon < page.index("12 h<")


def test_there_is_one_button_per_start_whatever_the_number_of_agents(
    client, invitation, plage, motif, lieu, slots
):
    alone = starts(client.get(slots))
    PlageOuvertureFactory(motif=motif, lieu=lieu)
    assert starts(client.get(slots)) == alone
    assert len(alone) == len(set(alone)) == 30


def test_a_start_too_soon_is_not_shown(client, invitation, slots, monday_morning):
    monday_morning.move_to(paris(2, time(9, 45)))
    assert starts(client.get(slots))[0] == "lundi 2 mars à 10 h 30"


def test_a_start_already_taken_is_not_shown(client, invitation, plage, motif, slots):
    RdvFactory(motif=motif, agents=[plage.agent], starts_at=paris(2, time(9)))
    assert starts(client.get(slots))[0] == "lundi 2 mars à 9 h 30"


def test_one_can_go_to_the_next_week_and_back(client, invitation, slots):
    first = text(client.get(slots))
    assert f'rel="next" href="{slots}?semaine=2026-03-09"' in first
    second = client.get(f"{slots}?semaine=2026-03-09")
    assert starts(second)[0] == "lundi 9 mars à 9 h"
    assert f'rel="prev" href="{slots}?semaine=2026-03-02"' in text(second)


def test_weeks_without_slots_are_jumped_over(client, invitation, slots):
    PlageOuverture.objects.update(recurrence="FREQ=WEEKLY;INTERVAL=3;BYDAY=TU", first_day=date(2026, 3, 3))
    page = text(client.get(slots))
    assert f'rel="next" href="{slots}?semaine=2026-03-23"' in page
    assert 'Plus tard <span class="person-weeks__day">semaine du 23 mars</span>' in page


@pytest.mark.parametrize(
    ("asked", "shown"),
    [
        ("2026-03-12", "9 mars"),
        ("1999-01-01", "2 mars"),
        ("0001-01-01", "2 mars"),
        ("9999-12-31", "25 mai"),
        ("2026-02-30", "2 mars"),
        ("hier", "2 mars"),
        ("", "2 mars"),
    ],
)
def test_a_strange_week_gives_the_nearest_one(client, invitation, slots, asked, shown):
    assert f"Semaine du {shown} 2026" in text(client.get(slots, {"semaine": asked}))


def test_the_step_and_the_place_are_in_sight(client, invitation, slots):
    page = text(client.get(slots))
    assert "Étape 1 sur 2" in page
    assert "13 avenue Maurice Faure, 26000 Valence" in page


def test_among_several_places_the_slots_are_the_second_step_of_three(client, invitation, motif, slots):
    PlageOuvertureFactory(motif=motif)
    page = text(client.get(slots))
    assert "Étape 2 sur 3" in page
    assert f'href="{PLACES}">Choisir un autre lieu</a>' in page


def test_times_are_those_of_the_place_and_its_clocks_are_named_overseas(client, reunion):
    page = text(client.get("/r/REUN2345/lieux", follow=True))
    assert "Les heures sont celles de La Réunion." in page
    assert "lundi 2 mars à </span>14 h</a>" in page


def test_the_clocks_are_not_named_in_paris_time(client, invitation, slots):
    assert "Les heures sont celles" not in text(client.get(slots))


@pytest.fixture
def reunion(category):
    """At 8:00 in Paris it is 11:00 in La Réunion."""
    organisation = OrganisationFactory(department__reunion=True)
    motif = MotifFactory(organisation=organisation, motif_category=category)
    lieu = LieuFactory(organisation=organisation, reunion=True)
    PlageOuvertureFactory(motif=motif, lieu=lieu, start_time=time(14), end_time=time(16))
    follow_up = FollowUpFactory(organisation=organisation, motif_category=category)
    return InvitationFactory(organisation=organisation, follow_up=follow_up, code="REUN2345")


def test_a_clock_change_moves_no_opening(client, invitation, slots):
    assert starts(client.get(f"{slots}?semaine=2026-03-30"))[0] == "lundi 30 mars à 9 h"
    assert dates.at(date(2026, 3, 30), time(9), dates.PARIS).utcoffset() == timedelta(hours=2)


@pytest.mark.parametrize("key", ["lieu-0", "lieu-999999", "phone", "x", "lieu-", "lieu-1%27"])
def test_a_place_that_is_not_offered_leads_to_those_that_are(client, invitation, key):
    assert client.get(f"/r/ABCD2345/creneaux/{key}").url == PLACES


def test_a_place_of_another_organisation_is_not_offered(client, invitation, category):
    elsewhere = PlageOuvertureFactory(motif=MotifFactory(motif_category=category)).lieu
    assert client.get(f"/r/ABCD2345/creneaux/lieu-{elsewhere.pk}").url == PLACES
