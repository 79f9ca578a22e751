"""What motifs and invitations add to the choice: halves of days, a place chosen before, conditions, visio."""

from datetime import date, time
from urllib.parse import quote

import pytest

from rdv_insertion.agenda.models import Participation, PlageOuverture, Rdv
from rdv_insertion.agenda.presentation import place_lines, visio_url
from rdv_insertion.messaging.models import Message
from tests.factories import LieuFactory, MotifFactory, PlageOuvertureFactory
from tests.web.usagers.conftest import paris, text
from tests.web.usagers.test_choosing import starts

TUESDAY = paris(3, time(9, 30))
PLACES = "/r/ABCD2345/lieux"


@pytest.fixture
def slots(lieu):
    return f"/r/ABCD2345/creneaux/lieu-{lieu.pk}"


# --- Mornings and afternoons ---


@pytest.fixture
def afternoons(motif, lieu, plage):
    """Tuesdays from 14:00 to 16:00 too."""
    return PlageOuvertureFactory(
        motif=motif,
        lieu=lieu,
        agent=plage.agent,
        start_time=time(14),
        end_time=time(16),
        recurrence="FREQ=WEEKLY;BYDAY=TU",
        first_day=date(2026, 3, 10),
    )


@pytest.mark.parametrize(
    ("asked", "first", "count"),
    [
        ("", "lundi 2 mars à 9 h", 30),
        ("matin", "lundi 2 mars à 9 h", 30),
        ("apres-midi", "mardi 10 mars à 14 h", 4),
    ],
)
def test_one_tap_shows_the_mornings_the_afternoons_or_all(
    client, invitation, afternoons, slots, asked, first, count
):
    shown = starts(client.get(slots, {"moment": asked}))
    assert (shown[0], len(shown)) == (first, count)


def test_the_half_asked_for_is_kept_in_every_address(client, invitation, afternoons, slots, slot):
    page = text(client.get(slots, {"moment": "apres-midi"}))
    assert f'href="{slots}?semaine=2026-03-09&amp;moment=apres-midi" aria-current="true">Après-midi' in page
    assert f'rel="next" href="{slots}?semaine=2026-03-16&amp;moment=apres-midi"' in page
    confirmation = f"{slot(paris(10, time(14)))}?moment=apres-midi"
    assert f'href="{confirmation}"' in page
    assert f'href="{slots}?semaine=2026-03-10&amp;moment=apres-midi"' in text(client.get(confirmation))


def test_when_there_are_only_mornings_it_is_said_and_nothing_is_asked(client, invitation, slots):
    page = text(client.get(slots))
    assert "Il n'y a de créneaux que le matin." in page
    assert "moment=" not in page


def test_a_half_that_has_nothing_any_more_says_so_and_shows_the_other(client, invitation, plage, slots):
    page = text(client.get(slots, {"moment": "apres-midi"}))
    assert "Il n'y a plus de créneau l'après-midi. Voici ceux du matin." in page
    assert "9 h 30" in page
    PlageOuverture.objects.update(start_time=time(14), end_time=time(16))
    page = text(client.get(slots, {"moment": "matin"}))
    assert "Il n'y a plus de créneau le matin. Voici ceux de l'après-midi." in page


@pytest.mark.parametrize("asked", ["soir", "MATIN", "matin'", "é" * 200])
def test_a_strange_half_is_all(client, invitation, afternoons, slots, asked):
    assert len(starts(client.get(f"{slots}?moment={quote(asked)}"))) == 30


# --- A place chosen beforehand ---


@pytest.fixture
def two_places(invitation, motif, organisation):
    """Marina was invited to Die, where people are received on Thursdays."""
    die = LieuFactory(organisation=organisation, name="Maison de Die")
    PlageOuvertureFactory(motif=motif, lieu=die, recurrence="FREQ=WEEKLY;BYDAY=TH")
    type(invitation).objects.update(lieu=die)
    return die


def test_the_place_chosen_beforehand_is_not_asked_and_others_are_a_link_away(client, two_places, lieu):
    slots = f"/r/ABCD2345/creneaux/lieu-{two_places.pk}"
    assert f'href="{slots}">Choisir mon créneau' in text(client.get("/r/ABCD2345"))
    page = text(client.get(slots))
    assert "Étape 1 sur 2" in page
    assert f'href="{PLACES}">Choisir un autre lieu</a>' in page
    assert "Où voulez-vous venir" in text(client.get(PLACES))
    assert "Étape 2 sur 3" in text(client.get(f"/r/ABCD2345/creneaux/lieu-{lieu.pk}"))


def test_a_place_chosen_beforehand_that_closed_is_forgotten(client, two_places, lieu):
    type(lieu).objects.filter(pk=two_places.pk).update(availability="disabled")
    assert f'href="/r/ABCD2345/creneaux/lieu-{lieu.pk}">' in text(client.get("/r/ABCD2345"))


def test_a_place_chosen_beforehand_that_is_full_leads_to_the_others(client, two_places):
    PlageOuverture.objects.filter(lieu=two_places).update(last_day=date(2026, 2, 1))
    page = text(client.get(f"/r/ABCD2345/creneaux/lieu-{two_places.pk}"))
    assert "Il n'y a plus de créneau libre ici" in page
    assert f'href="{PLACES}"' in page


# --- Conditions and instructions ---


def test_conditions_are_agreed_to_before_slots_are_shown_or_taken(client, invitation, motif, slots, slot):
    type(motif).objects.update(restriction="Venez seulement si vous avez reçu un courrier.")
    for response in (client.get(slot(TUESDAY)), client.post(slot(TUESDAY))):
        assert response.url == slots
    page = text(client.get(slots))
    assert "Venez seulement si vous avez reçu un courrier." in page
    assert "J'ai compris, je continue" in page
    assert starts(client.get(slots)) == []
    assert client.post(slots).url == slots
    assert len(starts(client.get(slots))) == 30
    assert client.post(slot(TUESDAY)).url.startswith("/rdv/")


def test_conditions_that_changed_are_shown_again(client, invitation, motif, slots):
    type(motif).objects.update(restriction="Première version.")
    client.post(slots)
    type(motif).objects.update(restriction="Seconde version.")
    assert "Seconde version." in text(client.get(slots))


def test_conditions_agreed_to_with_one_code_are_asked_with_another(client, invitation, motif, slots, lieu):
    type(motif).objects.update(restriction="Venez seul.")
    client.post(slots)
    other = type(invitation).objects.create(
        **{
            field.name: getattr(invitation, field.name)
            for field in invitation._meta.fields
            if field.name not in ("id", "code", "message")
        },
        code="EFGH2345",
    )
    assert "J'ai compris" in text(client.get(f"/r/{other.code}/creneaux/lieu-{lieu.pk}"))


def test_conditions_agreed_to_when_booking_are_not_asked_when_moving(marina, participation, motif, lieu):
    type(motif).objects.update(restriction="Venez seul.")
    page = text(marina.get(f"/rdv/{participation.code}/deplacer/lieu-{lieu.pk}"))
    assert "J'ai compris" not in page
    other = PlageOuvertureFactory(
        motif=MotifFactory(
            organisation=motif.organisation, motif_category=motif.motif_category, restriction="Avec un bus."
        )
    ).lieu
    page = text(marina.get(f"/rdv/{participation.code}/deplacer/lieu-{other.pk}"))
    assert "Avec un bus." in page
    assert "J'ai compris, je continue" in page


def test_what_must_be_known_whatever_is_chosen_is_on_the_first_page_only(client, invitation, motif, slots):
    type(motif).objects.update(instruction_before="Ayez votre agenda.\nEt un <b>stylo</b>.")
    page = text(client.get("/r/ABCD2345"))
    assert "Ayez votre agenda.<br>Et un &lt;b&gt;stylo&lt;/b&gt;." in page
    assert "Ayez votre agenda." not in text(client.get(slots))


def test_what_must_be_known_of_one_place_is_said_there(client, invitation, motif, organisation, slots):
    PlageOuvertureFactory(
        motif=MotifFactory(
            organisation=organisation,
            motif_category=motif.motif_category,
            by_phone=True,
            instruction_before="Soyez au calme.",
        )
    )
    assert "Soyez au calme." not in text(client.get("/r/ABCD2345"))
    assert "Soyez au calme." in text(client.get("/r/ABCD2345/creneaux/phone"))
    assert "Soyez au calme." not in text(client.get(slots))


# --- Visio and home ---


def _book(client, organisation, category, plage, **kind):
    """Marina takes the only kind of rdv there is."""
    plage.delete()
    PlageOuvertureFactory(motif=MotifFactory(organisation=organisation, motif_category=category, **kind))
    key = "visio" if kind.get("visio") else "home"
    return text(client.post(f"/r/ABCD2345/creneaux/{key}/20260310T083000Z", follow=True))


def test_a_visio_gives_its_link_with_the_confirmation_on_the_page_and_in_messages(
    client, invitation, organisation, category, plage, run_jobs, settings
):
    settings.VISIO_URL = "https://visio.test/"
    page = _book(client, organisation, category, plage, visio=True)
    rdv = Rdv.objects.get()
    link = f"https://visio.test/{rdv.uuid.hex}"
    assert visio_url(rdv) == link
    assert f'href="{link}"' in page
    assert "openstreetmap" not in page
    run_jobs("notifications")
    for message in Message.objects.filter(purpose="rdv_created"):
        assert link in message.text


def test_the_link_of_a_visio_needs_the_name(client, invitation, organisation, category, plage):
    _book(client, organisation, category, plage, visio=True)
    client.session.flush()
    client.cookies.clear()
    assert Rdv.objects.get().uuid.hex not in text(client.get(f"/rdv/{Participation.objects.get().code}"))


def test_at_home_the_address_is_shown_once_the_name_is_proved_and_never_before(
    client, invitation, organisation, category, plage
):
    address = "3 rue des Lilas 26000 Valence"
    type(invitation.follow_up.usager).objects.update(address=address)
    motif = MotifFactory(organisation=organisation, motif_category=category, location_type="home")
    plage.delete()
    PlageOuvertureFactory(motif=motif)
    before = text(client.get("/r/ABCD2345/creneaux/home/20260303T083000Z"))
    assert "Chez vous" in before
    assert "Lilas" not in before
    after = text(client.post("/r/ABCD2345/creneaux/home/20260303T083000Z", follow=True))
    assert "Chez vous" in after
    assert address in after
    assert "openstreetmap" not in after


def test_a_visio_keeps_its_link_when_it_is_moved(client, invitation, organisation, category, plage):
    _book(client, organisation, category, plage, visio=True)
    before = place_lines(Rdv.objects.get())
    code = Participation.objects.get().code
    client.post(f"/rdv/{code}/deplacer/visio/20260312T083000Z")
    moved = Rdv.objects.get()
    assert (moved.starts_at, place_lines(moved)) == (paris(12, time(9, 30)), before)
