"""What is said of a rdv or a convocation: created, changed, cancelled, soon; of an earlier slot."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from rdv_insertion.messaging.channels.sms.encoding import segments
from rdv_insertion.messaging.texts.rdvs.content import EVENTS
from rdv_insertion.messaging.texts.rendering import PersonalContent
from tests.messaging.contents import (
    PHONE,
    PLACE,
    PLACES,
    WORDS,
    earlier_slot,
    rdv,
)
from tests.messaging.rendered import everything, letter, mail, sms, unescaped

TO_COME = pytest.mark.parametrize(
    "content",
    [pytest.param(rdv(event=event), id=event) for event in EVENTS if event != "cancelled"]
    + [pytest.param(earlier_slot(), id="earlier-slot")],
)


@TO_COME
def test_an_sms_about_a_rdv_is_paid_twice_at_most_with_its_address(content: PersonalContent) -> None:
    text = sms(content)
    assert segments(text) <= 2
    assert "mardi 3 mars 2026 à 9 h 30" in text
    if type(content).__name__ == "RdvContent":  # The other holds two dates: the address is behind its link.
        assert PLACE[1] in text


@pytest.mark.parametrize("event", EVENTS)
@pytest.mark.parametrize(
    "where",
    [
        {"location_type": "phone"},
        {"location_type": "home"},
        {"location_type": "public_office", "place": ("Mairie de Die", "2 rue Haute, 26150 Die")},
    ],
)
def test_an_sms_about_a_rdv_is_paid_once_when_it_can_be(event: str, where: Any) -> None:
    text = sms(rdv(event=event, **where))
    assert segments(text) == 1
    assert "mardi 3 mars" in text
    assert "04 75 00 00 00" in text
    assert event == "cancelled" or "https://rdv-insertion.fr/rdv/ABCDEFGH" in text
    assert event != "reminder" or "obligatoire" in text


def test_the_title_that_an_organisation_chose_is_not_left_out_of_an_sms() -> None:
    own = replace(WORDS, title="premier accueil", own=frozenset({"title"}))
    text = sms(rdv(location_type="home", words=own, title=own.title))
    assert "votre premier accueil a lieu le mardi 3 mars" in text


def test_an_sms_that_would_cost_as_much_in_fewer_words_keeps_them_all() -> None:
    assert sms(rdv()).startswith("Bonjour, c'est confirmé : votre rendez-vous d'orientation a lieu le mardi")


@pytest.mark.parametrize("event", EVENTS)
@pytest.mark.parametrize("place", PLACES)
def test_a_convocation_by_sms_is_paid_twice_at_most_with_what_is_at_stake(event: str, place: str) -> None:
    assert segments(sms(rdv(event=event, convocation=True, location_type=place))) <= 2


@pytest.mark.parametrize("convocation", [False, True])
def test_a_cancellation_by_sms_is_paid_once(convocation: bool) -> None:
    assert segments(sms(rdv(event="cancelled", convocation=convocation))) == 1


@TO_COME
def test_a_mail_about_a_rdv_says_when_where_and_what_to_bring(content: PersonalContent) -> None:
    email = mail(content)
    for words in (email.text, unescaped(email.html)):
        assert "mardi 3 mars 2026 à 9 h 30" in words
        assert "Centre médico-social de l'Hôtel-Dieu" in words
        assert "une pièce d'identité" in words
        assert "Bus 5, arrêt Gare" in words
        assert "Venez 5 minutes avant l'heure." in words
    assert "mardi 3 mars 2026 à 9 h 30" in email.subject


@TO_COME
def test_what_is_not_known_leaves_no_empty_label(content: PersonalContent) -> None:
    bare = replace(content, what_to_bring="", instruction="", access="", help_phone="", words=None)
    email = mail(bare)
    for words in (email.text, email.html, sms(bare)):
        assert not re.search(r"À apporter|À savoir|Pour venir|Une question|Aide|tel:|obligatoire", words)


@pytest.mark.parametrize("event", ["created", "updated", "reminder"])
@pytest.mark.parametrize("convocation", [False, True])
@pytest.mark.parametrize(
    ("place", "said", "not_said"),
    [
        ("public_office", "12 rue de la République, 26000 Valence", "chez vous|visio|nous vous appelons"),
        ("phone", "ous vous appelons au 06 12 00 00 00", "rue de la République|visio|chez vous"),
        ("visio", "https://webconf.numerique.gouv.fr/", "rue de la République|chez vous|nous vous appelons"),
        ("home", "Nous venons chez vous.", "rue de la République|visio|nous vous appelons"),
    ],
)
def test_each_type_of_place_is_said_in_its_words(
    event: str, convocation: bool, place: str, said: str, not_said: str
) -> None:
    content = rdv(event=event, convocation=convocation, location_type=place)
    for text in (sms(content), mail(content).text, mail(content).html, letter(content).text):
        assert said in text
        assert not re.search(not_said, re.sub(r"https?://\S+", "", text))


def test_an_hour_at_home_is_approximate() -> None:
    for text in everything(rdv(location_type="home"))[:4]:
        assert "vers 9 h 30" in text.replace("\u00a0", " ")
    assert "vers" not in sms(rdv())


def test_dates_are_told_on_the_clocks_of_the_place() -> None:
    assert "mardi 3 mars 2026 à 9 h 30" in sms(rdv(starts_at=datetime(2026, 3, 3, 8, 30, tzinfo=UTC)))


@pytest.mark.parametrize("event", ["created", "updated", "reminder"])
@pytest.mark.parametrize("place", PLACES)
def test_a_convocation_says_what_is_at_stake_and_how_to_say_that_one_cannot_come(
    event: str, place: str
) -> None:
    content = rdv(event=event, convocation=True, location_type=place)
    for text in (sms(content), mail(content).text, letter(content).text):
        assert re.search(r"obligatoire|Vous devez répondre", text)
        assert re.search(r"votre RSA peut .tre réduit ou suspendu", text)
        assert re.search(r"[Ee]mp.chement \?", text)
        assert PHONE in text
        assert content.link in text


def test_a_convocation_without_consequence_threatens_with_nothing() -> None:
    content = rdv(convocation=True, words=replace(WORDS, punishable_warning=""))
    for text in everything(content):
        assert not re.search(r"sinon|En cas d'absence|RSA", text)


@pytest.mark.parametrize("mandatory", [True, False])
@pytest.mark.parametrize("event", EVENTS)
def test_a_rdv_says_that_it_is_mandatory_only_when_it_is(event: str, mandatory: bool) -> None:
    content = rdv(event=event, words=replace(WORDS, mandatory=mandatory))
    assert ("obligatoire" in mail(content).text) is mandatory
    assert ("obligatoire" in sms(content)) is (mandatory and event == "reminder")


def test_whoever_cancelled_reads_that_it_is_noted_and_the_others_that_it_does_not_take_place() -> None:
    by_them = rdv(event="cancelled", cancelled_by_service=False)
    assert "c'est noté" in sms(by_them)
    assert "n'aura pas lieu" in sms(rdv(event="cancelled"))
    assert "Ne venez pas" in mail(rdv(event="cancelled")).text


def test_agents_are_named_when_they_are_given() -> None:
    content = rdv(agents=("Aïcha Petit",))
    for text in (mail(content).text, mail(content).html, letter(content).text):
        assert "Avec Aïcha Petit." in text
    assert "Avec" not in sms(rdv())


def test_an_earlier_slot_says_until_when_to_answer_and_what_happens_otherwise() -> None:
    email = mail(earlier_slot())
    for words in (sms(earlier_slot()), email.text, email.html):
        assert re.search(r"Répondez avant 14 h 10", words)
        assert "reste inchangé" in words
    assert "votre rendez-vous du 12/03/2026 à 14 h reste inchangé" in sms(earlier_slot())
    assert "votre rendez-vous du jeudi 12 mars 2026 à 14 h reste inchangé" in email.text
