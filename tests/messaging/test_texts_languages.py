"""Messages in the language of the person, French never far."""

from dataclasses import replace
from typing import Any

import pytest
from django.utils.translation import override

from demo.department.wording import CATEGORIES
from rdv_insertion.kernel.languages import Language
from rdv_insertion.messaging.enums import Channel
from rdv_insertion.messaging.texts.national import NATIONAL_WORDS
from tests.messaging.contents import (
    WOMAN,
    WORDS,
    invitation,
    rdv,
)
from tests.messaging.outline import Outline
from tests.messaging.rendered import letter, mail, sms


@pytest.mark.parametrize("language", [one for one in Language.values if one != "fr"])
def test_a_mail_in_another_language_is_followed_by_the_whole_french_one(language: str) -> None:
    french, other = mail(invitation()), mail(invitation(), language)
    above, _, below = other.text.partition("En français :\n\n")
    assert below == french.text
    assert other.french == french.text
    assert "https://rdv-insertion.fr/r/ABCDEFGH" in above
    outline = Outline(other.html)
    assert outline.all("html")[0]["lang"] == language
    assert [part["lang"] for part in outline.all("div") if "lang" in part] == [language, "fr"]
    assert (len(outline.all("h1")), len(outline.all("h2"))) == (1, 1)


@pytest.mark.parametrize(("language", "direction"), [("ar", "rtl"), ("fa", "rtl"), ("uk", "ltr")])
def test_a_mail_runs_in_the_direction_of_its_language(language: str, direction: str) -> None:
    outline = Outline(mail(rdv(), language).html)
    assert outline.all("html")[0]["dir"] == direction
    assert [part["dir"] for part in outline.all("div") if "lang" in part] == [direction, "ltr"]


def test_an_sms_in_another_language_keeps_its_french_for_agents() -> None:
    told = invitation().render(Channel.SMS, "ar")
    assert told.french == sms(invitation())
    assert invitation().render(Channel.SMS, "fr").french == ""


def test_a_letter_is_in_french_with_its_translation_beside_it() -> None:
    french, other = letter(invitation()), letter(invitation(), "ar")
    assert (other.text, other.subject) == (french.text, french.subject)
    translation = other.letter["translation"]
    assert (translation["language"], translation["direction"]) == ("ar", "rtl")
    assert len(translation["paragraphs"]) == len(french.text.split("\n\n"))
    assert "translation" not in french.letter


def test_a_phone_number_keeps_its_order_where_words_go_from_right_to_left() -> None:
    assert "04\u00a075\u00a000\u00a000\u00a000" in sms(invitation(), "ar")


def test_words_that_no_catalog_knows_stay_french_between_guillemets() -> None:
    words = replace(WORDS, title="rendez-vous du mardi", purpose="boire un café")
    assert "« rendez-vous du mardi »" in mail(invitation(words=words), "es").text
    assert "« boire un café »" in mail(invitation(words=words), "es").text
    assert "«" not in mail(invitation(words=words)).text


@pytest.mark.parametrize("category", CATEGORIES, ids=lambda category: category["short_name"])
def test_the_national_words_are_offered_to_the_catalogs(category: dict[str, Any]) -> None:
    said = ("rdv_title", "rdv_title_by_phone", "rdv_subject", "rdv_purpose", "user_designation")
    words = [category.get(field, "") for field in (*said, "punishable_warning", "what_to_bring")]
    assert set(filter(None, words)) <= NATIONAL_WORDS


def test_names_are_said_without_title_in_another_language() -> None:
    with override("en"):
        assert WOMAN.name == "Maïa N'DIAYE"
    with override("fr"):
        assert WOMAN.name == "Madame Maïa N'DIAYE"


def test_what_is_said_does_not_depend_on_the_language_of_who_asks() -> None:
    told = mail(rdv())
    with override("ar"):
        assert mail(rdv()) == told
