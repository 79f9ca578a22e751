"""What invitations and their reminders say, by model."""

import re
from dataclasses import replace
from datetime import date

import pytest

from rdv_insertion.messaging.channels.sms.encoding import segments
from tests.messaging.contents import (
    MODELS,
    PHONE,
    WORDS,
    invitation,
)
from tests.messaging.rendered import everything, letter, mail, sms

EVERY_MODEL = pytest.mark.parametrize("model", MODELS)


@pytest.mark.parametrize("days_left", [0, 1, 4, 10, 30, None])
@pytest.mark.parametrize("mandatory", [True, False])
@pytest.mark.parametrize("model", ["standard", "atelier", "phone_platform"])
@pytest.mark.parametrize("reminder", [False, True])
def test_an_invitation_by_sms_is_paid_once(
    model: str, days_left: int | None, mandatory: bool, reminder: bool
) -> None:
    words = replace(MODELS[model], mandatory=mandatory)
    assert segments(sms(invitation(words=words, days_left=days_left, reminder=reminder))) == 1


@EVERY_MODEL
@pytest.mark.parametrize("reminder", [False, True])
@pytest.mark.parametrize(
    ("days_left", "expected"), [(10, "10 jours"), (2, "2 jours"), (1, "1 jour"), (0, "dernier jour")]
)
def test_an_invitation_announces_the_real_number_of_days_left(
    model: str, reminder: bool, days_left: int, expected: str
) -> None:
    content = invitation(words=MODELS[model], days_left=days_left, reminder=reminder)
    email = mail(content)
    for words in (sms(content).lower(), email.text, email.html):
        assert re.search(rf"{expected}(?!s)", words)


@EVERY_MODEL
def test_an_invitation_without_limit_speaks_of_no_day(model: str) -> None:
    content = invitation(words=MODELS[model], days_left=None, last_day=None)
    for words in everything(content):
        assert not re.search(r"\d+ jours?\b|dernier jour|avant le", words)


@EVERY_MODEL
def test_a_letter_says_a_date_since_nobody_knows_when_it_is_read(model: str) -> None:
    on_paper = letter(invitation(words=MODELS[model], last_day=date(2026, 3, 13)))
    assert "avant le vendredi 13 mars 2026." in on_paper.text
    assert "10 jours" not in on_paper.text
    assert "https://" not in on_paper.text  # the address and the code have their own frame


def test_a_letter_says_how_to_do_without_internet() -> None:
    assert "Vous n'avez pas internet" in letter(invitation()).text


@EVERY_MODEL
@pytest.mark.parametrize("mandatory", [True, False])
def test_what_is_at_stake_is_said_only_when_it_is_mandatory(model: str, mandatory: bool) -> None:
    words = replace(
        MODELS[model], mandatory=mandatory, punishable_warning="votre RSA peut être réduit ou suspendu"
    )
    content = invitation(words=words, reminder=True)
    email, on_paper = mail(content), letter(content)
    for text in (email.text, email.html, on_paper.text):
        assert ("obligatoire" in text) is mandatory
        assert ("votre RSA peut être réduit" in text) is mandatory
    assert ("obligatoire" in sms(content)) is mandatory


def test_families_are_threatened_with_nothing_in_the_first_message() -> None:
    for text in everything(invitation(words=MODELS["atelier_enfants_ados"])):
        assert not re.search(r"obligatoire|réduit|suspendu", text)


def test_what_is_at_stake_is_what_the_category_says() -> None:
    words = replace(WORDS, subject="candidature", designation="candidat(e)", punishable_warning="")
    for text in everything(invitation(words=words)):
        assert "RSA" not in text


def test_a_phone_platform_is_called_and_has_no_link() -> None:
    content = invitation(words=MODELS["phone_platform"])
    for text in everything(content):
        assert content.link not in text
        assert content.code not in text
    assert "appelez le 04 75 00 00 00" in sms(content)
    assert mail(content).text.count(PHONE) == 1


@EVERY_MODEL
def test_referents_are_named(model: str) -> None:
    content = invitation(words=MODELS[model], referents=("Aïcha N'Diaye", "Jean Petit"))
    for words in (sms(content), mail(content).text, letter(content).text):
        assert re.search(r"A.cha N'Diaye et Jean Petit", words)


@EVERY_MODEL
def test_the_sentence_that_the_organisation_adds_is_said_by_every_channel(model: str) -> None:
    words = replace(MODELS[model], custom_sentence="  Venez avec \n vos papiers ")
    content = invitation(words=words)
    for text in (sms(content), mail(content).text, letter(content).text):
        assert "Venez avec vos papiers." in text


def test_whoever_is_only_received_by_phone_reads_it() -> None:
    assert "rendez-vous d'orientation par téléphone" in mail(invitation(by_phone=True)).subject


def test_a_matter_that_the_title_says_is_not_said_again() -> None:
    assert "atelier compétences (" not in sms(invitation(words=MODELS["atelier"]))
    assert "rendez-vous d'orientation (RSA, obligatoire)" in sms(invitation())


def test_a_reminder_says_that_it_is_one() -> None:
    content = invitation(reminder=True, days_left=7)
    assert "rappel" in sms(content)
    assert mail(content).subject.startswith("Rappel : ")
    assert "Vous n'avez pas encore choisi" in mail(content).text
