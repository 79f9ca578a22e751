"""Marking the organisation's own words in a message, whatever they are, without touching anything else."""

import re

from django.utils.html import escape
from hypothesis import given
from hypothesis import strategies as st

from rdv_insertion.messaging.enums import Channel
from rdv_insertion.messaging.texts import Text
from rdv_insertion.web.message_preview import mail_page, marked, preview_of

_WORDS = st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12), max_size=4)
_TEXT = st.text(st.characters(codec="utf-8"), max_size=80)


class Plain:
    """A content that says one text by every channel."""

    def __init__(self, text, html=""):
        self.text, self.html = text, html

    def render(self, channel, language):
        return Text(self.text, subject=self.text, html=self.html, letter={})


def sms(text, own=()):
    shown = preview_of(Plain(text), language="fr", sender="Dept26", own=own, mail_url="/m", pdf_url="/p")
    return shown.sms


@given(text=_TEXT, own=_WORDS)
def test_without_its_marks_a_marked_text_is_the_text_escaped(text, own):
    assert re.sub("</?mark>", "", marked(text, own)) == str(escape(text))


@given(text=_TEXT.filter(str.isalnum))
def test_a_word_is_marked_as_it_stands(text):
    assert marked(f"votre {text}, demain", [text]).count("<mark>") >= 1


def test_words_are_marked_whole_whatever_their_capital_their_spaces_and_their_agreement():
    own = ["goûter d'accueil", "citoyen(ne) invité(e)"]
    assert marked("Goûter\u00a0d'accueil", own) == "<mark>Goûter\u00a0d&#x27;accueil</mark>"
    assert marked("la citoyenne invitée", own) == "la <mark>citoyenne invitée</mark>"
    assert marked("le citoyen invité", own) == "le <mark>citoyen invité</mark>"
    assert marked("goûter d'accueillir", own) == "goûter d&#x27;accueillir"


def test_words_are_marked_between_the_tags_of_a_mail_and_nowhere_else(rf):
    html = '<style>td{}</style><td class="td">td &amp; class d&#x27;accueil</td><!-- td -->'
    own = ["td", "class", "amp", "x27", "d'accueil"]
    page = mail_page(rf.get("/"), Plain("", html), language="fr", own=own).content.decode()
    assert page == (
        '<style>td{}</style><td class="td"><mark>td</mark> &amp; <mark>class</mark> '
        "<mark>d&#x27;accueil</mark></td><!-- td -->"
    )


def test_the_longest_of_two_words_wins():
    assert marked("rendez-vous du RSA", ["RSA", "rendez-vous du RSA"]) == "<mark>rendez-vous du RSA</mark>"


def test_what_an_sms_costs_is_said_to_the_character():
    assert sms("a" * 160).length == "160 caractères : un de plus, et chaque envoi coûterait 2 SMS."
    assert sms("a" * 150).length == "150 caractères : il en reste 10 avant un deuxième SMS."
    two = sms("a" * 161)
    assert (two.cost, two.colour) == ("2 SMS", "orange")
    assert sms("€" * 79).length == "158 caractères : il en reste 2 avant un deuxième SMS."
    assert "compte pour deux" in sms("5 €").alphabet
    assert two.length == "161 caractères : chaque envoi coûte 2 SMS. Jusqu'à 160 caractères, un seul suffit."
    wide = sms("я" * 71)
    assert (wide.cost, wide.segments) == ("2 SMS", 2)
    assert "70 caractères par SMS au lieu de 160" in wide.alphabet


def test_a_channel_that_is_not_asked_for_is_not_shown():
    shown = preview_of(
        Plain("Bonjour"), language="ar", sender="A", mail_url="/m", pdf_url="/p", channels=[Channel.EMAIL]
    )
    assert (shown.sms, shown.letter, shown.direction) == (None, None, "rtl")
    assert (shown.mail.subject, shown.mail.url) == ("Bonjour", "/m")
