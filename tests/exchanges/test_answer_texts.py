"""The text of an answer without the mail that it answers, as the common programs write both."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rdv_insertion.exchanges.inbound.texts import (
    LONGEST,
    text_of_html,
    without_quotes,
    written_by_the_person,
)

ANSWER = "Bonjour,\n\nje viendrai.\n\nMarina"


@pytest.mark.parametrize(
    "quoted",
    [
        "Le mar. 3 mars 2026 à 09:12, CD 26 <x@y.fr> a écrit :\n> Vous avez rendez-vous.",
        "Le mardi 3 mars 2026 à 09:12, Conseil départemental de la Drôme\n<x@y.fr> a écrit :\n\n> Bonjour",
        "On Tue, Mar 3, 2026 at 9:12 AM CD 26 <x@y.fr> wrote:\n> Bonjour",
        "-----Message d'origine-----\nDe : CD 26\nEnvoyé : mardi",
        "________________________________\nDe : CD 26 <x@y.fr>\nEnvoyé : mardi 3 mars",
        "De : CD 26 <ne-pas-repondre@y.fr>\nEnvoyé : mardi 3 mars 2026 09:12\nObjet : x",
        "> Vous avez rendez-vous.\n> Venez.",
        "Envoyé de mon iPhone",
        "Envoyé depuis Yahoo Mail pour Android",
        "-- \nMarina Foïs\n06 12 34 56 78",
    ],
)
def test_what_is_quoted_is_left_out(quoted):
    assert without_quotes(f"{ANSWER}\n\n{quoted}") == ANSWER


@pytest.mark.parametrize(
    "text",
    [
        "Le médecin a écrit : repos jusqu'à lundi.",
        "Le 3 mars je suis malade.\nJe viendrai le 10.",
        "On me dit de venir mardi.",
        "De mon côté : mardi me va.",
    ],
)
def test_ordinary_sentences_stay(text):
    assert without_quotes(text) == text


def test_an_answer_below_the_quote_stays():
    assert without_quotes("> Venez-vous ?\n\nOui, merci.") == "Oui, merci."


@pytest.mark.parametrize(
    "announced",
    [
        "Le 3 mars 2026 à 09:12, CD 26 a écrit :",
        "Le 3 mars 2026 à 09:12, Conseil départemental\n<x@y.fr> a écrit :",
    ],
)
def test_an_answer_below_an_announced_quote_stays(announced):
    assert without_quotes(f"{announced}\n\n> Venez-vous ?\n> Dites-le.\n\nOui, merci.") == "Oui, merci."


def test_what_seems_to_be_all_quoted_is_given_rather_than_lost():
    text = "Le docteur Martin m'a écrit :\nrepos jusqu'à lundi."
    assert written_by_the_person(extracted="", plain=text, html="") == text


def test_a_mail_that_only_quotes_says_nothing():
    assert written_by_the_person(extracted="", plain="> Bonjour", html="") == ""


def test_a_very_long_answer_is_cut():
    assert without_quotes("a " * LONGEST).endswith("…")
    assert len(without_quotes("a" * 10 * LONGEST)) == LONGEST + 1


@pytest.mark.parametrize(
    "quoted",
    [
        '<div class="gmail_quote"><div>Le 3 mars, CD a écrit :</div><blockquote>Venez</blockquote></div>',
        "<blockquote>Venez</blockquote>",
        '<div class="moz-cite-prefix">Le 03/03/2026, CD a écrit :</div><blockquote>Venez</blockquote>',
        '<div id="appendonsend"></div><hr><div id="divRplyFwdMsg">De : CD</div><div>Venez</div>',
        '<div class="yahoo_quoted">Venez</div>',
        "<style>p {color: red}</style><script>venez()</script><!-- venez -->",
    ],
)
def test_html_is_read_without_what_it_quotes(quoted):
    html = (
        f"<html><head><title>x</title></head><body><p>Bonjour,</p><p>je viendrai<br>mardi.</p>{quoted}</body>"
    )
    assert written_by_the_person(extracted="", plain="", html=html) == "Bonjour,\n\nje viendrai\nmardi."


@pytest.mark.parametrize(
    "entity", ["&#0;", "&#1;", "&#x1F;", "&#xD800;", "&#x110000;", "&;", "&#;", "\x01", "\x7f"]
)
def test_broken_characters_do_not_hide_the_rest(entity):
    assert "avant" in text_of_html(f"<p>avant {entity} apres</p>")


def test_arabic_stays_as_it_is():
    assert text_of_html("<div dir='rtl'>سأحضر يوم الثلاثاء</div>") == "سأحضر يوم الثلاثاء"


@given(st.text())
def test_any_text_is_read(text):
    assert len(without_quotes(text)) <= LONGEST + 1


@given(st.text(alphabet="<>/=&;'\" abdivpblockquote\x00\x0b\ud7ff\n#!-", max_size=200))
def test_any_html_is_read(html):
    assert isinstance(text_of_html(html), str)
