"""What is true of every message to a person, whatever it tells."""

import re
from dataclasses import replace
from typing import Any

import pytest

from rdv_insertion.messaging.channels.sms.encoding import to_gsm7
from rdv_insertion.messaging.texts.content import LONGEST_SUBJECT
from rdv_insertion.messaging.texts.rdvs.content import EVENTS
from rdv_insertion.messaging.texts.rendering import PersonalContent
from tests.messaging.contents import (
    MAN,
    MODELS,
    PHONE,
    PLACES,
    SOMEBODY,
    WOMAN,
    WORDS,
    earlier_slot,
    invitation,
    rdv,
)
from tests.messaging.outline import Outline
from tests.messaging.rendered import everything, letter, mail, sms, unescaped

INVITATIONS = {
    f"{model}{'-reminder' * reminder}": invitation(words=words, reminder=reminder)
    for model, words in MODELS.items()
    for reminder in (False, True)
}
RDVS = {
    f"{'convocation-' * convocation}{event}-{place}": rdv(
        event=event, convocation=convocation, location_type=place
    )
    for convocation in (False, True)
    for event in EVENTS
    for place in PLACES
}
EVERY_ONE = pytest.mark.parametrize(
    "content",
    [
        pytest.param(content, id=name)
        for name, content in {**INVITATIONS, **RDVS, "earlier-slot": earlier_slot()}.items()
    ],
)


@EVERY_ONE
def test_no_placeholder_is_left_in_a_text(content: PersonalContent) -> None:
    for words in everything(content):
        assert not re.search(r"%\(|\{\{|\{%|None|\x00|undefined", words)


@EVERY_ONE
def test_sms_text_mails_and_letters_are_not_escaped_as_html(content: PersonalContent) -> None:
    email = mail(content)
    for text in (sms(content), email.subject, email.text):
        assert not re.search(r"&(#x27|#39|amp|quot|nbsp|lt|gt);", text)
    assert "N'DIAYE" in email.text


@EVERY_ONE
def test_html_mails_escape_what_people_typed(content: PersonalContent) -> None:
    nasty = replace(
        content,
        addressee=replace(WOMAN, first_name="<script>alert(1)</script>"),
        organisation="CD <b>26</b> & Cie",
    )
    html = mail(nasty).html
    assert "<script" not in html
    assert "<b>26" not in html
    assert "&lt;script&gt;" in html
    assert "CD &lt;b&gt;26&lt;/b&gt; &amp; Cie" in html


@EVERY_ONE
def test_every_text_gives_the_phone_to_call(content: PersonalContent) -> None:
    email = mail(content)
    assert PHONE in sms(content)
    assert PHONE in email.text
    assert 'href="tel:0475000000"' in email.html


@EVERY_ONE
def test_the_link_is_whole_in_every_mail(content: PersonalContent) -> None:
    link, email = content.link, mail(content)
    if "phone_platform" in getattr(content.words, "model", ""):
        assert link not in email.text + email.html
    else:
        assert f"\n{link}\n" in email.text
        assert email.html.count(f'href="{link}"') == 2


@EVERY_ONE
def test_a_link_of_an_sms_stands_between_spaces(content: PersonalContent) -> None:
    text = f"{sms(content)} "
    for link in re.findall(r"https://\S+", text):
        assert link in (content.link, getattr(content, "visio_url", ""))
        assert f" {link} " in text


@EVERY_ONE
def test_an_sms_begins_plainly_and_stays_in_the_alphabet_of_sms(content: PersonalContent) -> None:
    text = sms(content)
    assert re.match(r"Bonjour, |(Nouveau |Rappel )?RDV ", text)
    assert text == to_gsm7(text)
    assert "  " not in text


@EVERY_ONE
def test_nobody_is_called_by_their_first_name_alone_or_told_tu(content: PersonalContent) -> None:
    for words in everything(content):
        assert not re.search(r"\b(tu|te|ton|ta|tes|toi)\b", re.sub(r"<[^>]*>|https?://\S+", " ", words))


@EVERY_ONE
def test_html_mails_are_accessible_and_need_nothing_from_elsewhere(content: PersonalContent) -> None:
    html = mail(content).html
    outline = Outline(html)
    assert html.startswith("<!DOCTYPE html>")
    assert (outline.all("html")[0]["lang"], outline.all("html")[0]["dir"]) == ("fr", "ltr")
    assert len(outline.all("h1")) == 1
    assert all(table["role"] == "presentation" for table in outline.all("table"))
    assert not outline.all("img") + outline.all("script") + outline.all("link")
    assert any(meta.get("name") == "color-scheme" for meta in outline.all("meta"))
    assert re.search(r"<title>[^<]+</title>", html)


@EVERY_ONE
def test_the_two_forms_of_a_mail_say_the_same(content: PersonalContent) -> None:
    email = mail(content)
    html = " ".join(unescaped(re.sub(r"<[^>]*>", " ", email.html)).split())
    for line in filter(None, email.text.splitlines()):
        assert line.removesuffix(" :").removesuffix(PHONE + ".").strip() in html


def test_a_subject_holds_on_one_line_and_in_its_column() -> None:
    words = replace(WORDS, title="rendez-vous\r\nBcc: a@b.c " + "très long " * 40)
    subject = mail(invitation(words=words)).subject
    assert "\n" not in subject
    assert "\r" not in subject
    assert len(subject) <= LONGEST_SUBJECT


@pytest.mark.parametrize(
    ("domain", "said"),
    [("", "Personne ne lit les réponses"), ("reponses.test", "Vous pouvez répondre à ce mail.")],
)
def test_a_mail_says_whether_answers_are_read(settings: Any, domain: str, said: str) -> None:
    settings.REPLY_DOMAIN = domain
    email = mail(invitation())
    assert said in email.text
    assert said in email.html


@pytest.mark.parametrize(
    ("addressee", "summoned"), [(WOMAN, "convoquée"), (MAN, "convoqué"), (SOMEBODY, "convoqué(e)")]
)
def test_words_agree_with_the_person(addressee: Any, summoned: str) -> None:
    content = rdv(convocation=True, addressee=addressee)
    for words in (sms(content), mail(content).html, letter(content).text):
        assert re.search(rf"vous .tes {re.escape(summoned)} ", words, re.IGNORECASE)


def test_words_typed_for_everybody_agree_too() -> None:
    words = replace(WORDS, designation="candidat(e) à un emploi")
    assert "Vous êtes candidate à un emploi et" in mail(invitation(words=words)).text
    assert "Vous êtes candidat à un emploi et" in mail(invitation(words=words, addressee=MAN)).text
    assert "Vous êtes candidat(e) à un emploi" in mail(invitation(words=words, addressee=SOMEBODY)).text
