import re
from html.parser import HTMLParser
from typing import Any

import pytest

from rdv_insertion.agenda.notifications import message_context as rdv_context
from rdv_insertion.agents.models import Agent
from rdv_insertion.invitations.models import CategoryConfiguration
from rdv_insertion.invitations.services import message_context as invitation_context
from rdv_insertion.messaging.channels.sms.gsm7 import segments, to_gsm7
from rdv_insertion.messaging.enums import TO_PROFESSIONALS, Channel, Purpose
from rdv_insertion.messaging.texts import from_templates as texts
from tests.factories import InvitationFactory, ParticipationFactory
from tests.messaging.contexts import (
    AGENT_RDV,
    EARLIER_SLOT,
    IMPORT_RESULT,
    INVITATION,
    NO_SLOT,
    PRESCRIPTION,
    RDV,
    SLOT_REQUEST,
)

EVERY_PURPOSE = pytest.mark.parametrize(
    "purpose", [purpose for purpose in Purpose if purpose not in TO_PROFESSIONALS]
)
ABOUT_A_RDV_TO_COME = pytest.mark.parametrize(
    "purpose", [Purpose.RDV_CREATED, Purpose.RDV_UPDATED, Purpose.RDV_REMINDER, Purpose.EARLIER_SLOT]
)
ABOUT_THEIR_RDV = (Purpose.RDV_CREATED, Purpose.RDV_UPDATED, Purpose.RDV_CANCELLED, Purpose.RDV_REMINDER)
TOLD_BY_MAIL = pytest.mark.parametrize("purpose", TO_PROFESSIONALS)

CONTEXTS: dict[str, dict[str, Any]] = {
    Purpose.INVITATION: INVITATION,
    Purpose.EARLIER_SLOT: EARLIER_SLOT,
    Purpose.AGENT_RDV: AGENT_RDV,
    Purpose.PRESCRIPTION: PRESCRIPTION,
    Purpose.NO_SLOT: NO_SLOT,
    Purpose.SLOT_REQUEST: SLOT_REQUEST,
    Purpose.IMPORT_RESULT: IMPORT_RESULT,
}


def context_of(purpose: str, **changes: Any) -> dict[str, Any]:
    return {**CONTEXTS.get(purpose, RDV), **changes}


def sms(purpose: str, **changes: Any) -> str:
    return texts.render(purpose, Channel.SMS, context_of(purpose, **changes)).text


def mail(purpose: str, **changes: Any) -> texts.Text:
    return texts.render(purpose, Channel.EMAIL, context_of(purpose, **changes))


def all_words(purpose: str) -> list[str]:
    """Every text of a purpose as it leaves."""
    email = mail(purpose)
    words = [sms(purpose), email.subject, email.text, email.html]
    if purpose == Purpose.INVITATION:
        letter = texts.render(purpose, Channel.LETTER, context_of(purpose))
        words += [letter.subject, letter.text]
    return words


@EVERY_PURPOSE
def test_no_template_language_is_left_in_a_text(purpose: str) -> None:
    for words in all_words(purpose):
        assert not re.search(r"\{\{|\{%|\{#|#\}|None|&amp;#", words)


@EVERY_PURPOSE
def test_sms_text_mails_and_letters_are_not_escaped_as_html(purpose: str) -> None:
    email = mail(purpose)
    words = [sms(purpose), email.subject, email.text]
    if purpose == Purpose.INVITATION:
        words.append(texts.render(purpose, Channel.LETTER, context_of(purpose)).text)
    for text in words:
        assert not re.search(r"&(#x27|#39|amp|quot|nbsp|lt|gt);", text)
    assert "N'DIAYE" in email.text


@EVERY_PURPOSE
def test_html_mails_escape_what_people_typed(purpose: str) -> None:
    html = mail(purpose, person="Madame <script>alert(1)</script>", organisation="CD <b>26</b> & Cie").html
    assert "<script" not in html
    assert "<b>26" not in html
    assert "&lt;script&gt;" in html
    assert "CD &lt;b&gt;26&lt;/b&gt; &amp; Cie" in html


@EVERY_PURPOSE
def test_every_text_gives_the_phone_to_call(purpose: str) -> None:
    email = mail(purpose)
    assert "04 75 00 00 00" in sms(purpose)
    assert "04 75 00 00 00" in email.text
    assert 'href="tel:0475000000"' in email.html


@EVERY_PURPOSE
def test_the_link_is_whole_in_every_mail(purpose: str) -> None:
    link, email = context_of(purpose)["link"], mail(purpose)
    assert f"\n{link}\n" in email.text
    assert email.html.count(f'href="{link}"') == 2


@EVERY_PURPOSE
def test_the_link_of_an_sms_stands_between_spaces(purpose: str) -> None:
    if purpose != Purpose.RDV_CANCELLED:
        assert f" {context_of(purpose)['link']} " in sms(purpose)


@EVERY_PURPOSE
def test_an_sms_begins_plainly_and_stays_in_the_alphabet_of_sms(purpose: str) -> None:
    text = sms(purpose)
    assert text.startswith("Bonjour, ")
    assert text == to_gsm7(text)
    assert "?" not in text
    assert "  " not in text


@pytest.mark.parametrize("days_left", [0, 1, 4, 10, 30, None])
@pytest.mark.parametrize("mandatory", [True, False])
def test_an_invitation_by_sms_is_paid_once(days_left: int | None, mandatory: bool) -> None:
    assert segments(sms(Purpose.INVITATION, days_left=days_left, mandatory=mandatory)) == 1


def test_a_cancellation_by_sms_is_paid_once() -> None:
    assert segments(sms(Purpose.RDV_CANCELLED)) == 1


@ABOUT_A_RDV_TO_COME
def test_an_sms_about_a_rdv_is_paid_twice_at_most_with_its_address(purpose: str) -> None:
    text = sms(purpose)
    assert segments(text) <= 2
    assert "mardi 3 mars 2026 à 9 h 30" in text
    if purpose != Purpose.EARLIER_SLOT:  # It holds two dates: the address is behind its link.
        assert "12 rue de la République, 26000 Valence" in text


@pytest.mark.parametrize(
    ("days_left", "expected"),
    [(10, "10 jours"), (2, "2 jours"), (1, "1 jour"), (0, "dernier jour")],
)
def test_an_invitation_announces_the_real_number_of_days_left(days_left: int, expected: str) -> None:
    email = mail(Purpose.INVITATION, days_left=days_left)
    for words in (sms(Purpose.INVITATION, days_left=days_left).lower(), email.text, email.html):
        assert re.search(rf"{expected}(?!s)", words)


def test_an_invitation_without_limit_speaks_of_no_day() -> None:
    email = mail(Purpose.INVITATION, days_left=None, last_day="")
    letter = texts.render(
        Purpose.INVITATION, Channel.LETTER, context_of(Purpose.INVITATION, last_day="")
    ).text
    for words in (sms(Purpose.INVITATION, days_left=None), email.text, email.html, letter):
        assert not re.search(r"\d+ jours?\b|dernier jour|avant le", words)


@EVERY_PURPOSE
def test_what_is_at_stake_is_said_only_when_the_rdv_is_mandatory(purpose: str) -> None:
    for mandatory in (True, False):
        email = mail(purpose, mandatory=mandatory)
        assert ("obligatoire" in email.text) is mandatory
        assert ("obligatoire" in email.html) is mandatory
    assert "obligatoire" not in sms(purpose, mandatory=False)


def test_the_allowance_is_named_only_in_matters_of_rsa() -> None:
    assert "votre RSA peut être réduit" in mail(Purpose.INVITATION).text
    elsewhere = mail(Purpose.INVITATION, subject="candidature SIAE", designation="candidate en SIAE")
    assert "RSA" not in elsewhere.text
    assert "RSA" not in elsewhere.html


@ABOUT_A_RDV_TO_COME
def test_a_mail_about_a_rdv_says_when_where_and_what_to_bring(purpose: str) -> None:
    email = mail(purpose)
    for words in (email.text, email.html.replace("&#x27;", "'")):
        assert "mardi 3 mars 2026 à 9 h 30" in words
        assert "Centre médico-social de l'Hôtel-Dieu" in words
        assert "une pièce d'identité" in words
        assert "Bus 5, arrêt Gare" in words
        assert "Venez 5 minutes avant l'heure." in words
    assert "mardi 3 mars 2026 à 9 h 30" in email.subject


@ABOUT_A_RDV_TO_COME
def test_what_is_not_known_leaves_no_empty_label(purpose: str) -> None:
    email = mail(purpose, what_to_bring="", instruction="", access="", help_phone="")
    for words in (email.text, email.html, sms(purpose, help_phone="")):
        assert not re.search(r"À apporter|À savoir|Pour venir|Une question|Aide|tel:", words)


def test_the_letter_says_before_when_to_choose_and_how_without_internet() -> None:
    letter = texts.render(Purpose.INVITATION, Channel.LETTER, INVITATION)
    assert letter.subject == "choisissez la date de votre rendez-vous d'orientation"
    assert "Choisissez avant le vendredi 13 mars 2026." in letter.text
    assert "Vous n'avez pas internet" in letter.text
    assert "https://" not in letter.text  # the address and the code have their own frame


def test_a_subject_holds_on_one_line_and_in_its_column() -> None:
    subject = mail(Purpose.INVITATION, title="rendez-vous\r\nBcc: a@b.c " + "très long " * 40).subject
    assert "\n" not in subject
    assert "\r" not in subject
    assert len(subject) <= texts.LONGEST_SUBJECT


class _Outline(HTMLParser):
    """What an accessible mail must have."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


@EVERY_PURPOSE
def test_html_mails_are_accessible_and_need_nothing_from_elsewhere(purpose: str) -> None:
    html = mail(purpose).html
    outline = _Outline(html)
    assert html.startswith("<!DOCTYPE html>")
    assert outline.all("html")[0]["lang"] == "fr"
    assert len(outline.all("h1")) == 1
    assert all(table["role"] == "presentation" for table in outline.all("table"))
    assert not outline.all("img") + outline.all("script") + outline.all("link")
    assert any(meta.get("name") == "color-scheme" for meta in outline.all("meta"))
    assert re.search(r"<title>[^<]+</title>", html)


def test_the_context_of_an_invitation_holds_all_that_its_texts_say(
    configuration: CategoryConfiguration,
) -> None:
    invitation = InvitationFactory(
        organisation=configuration.organisation, follow_up__motif_category=configuration.motif_category
    )
    context = invitation_context(invitation, configuration, now=invitation.created_at)
    assert context.keys() == INVITATION.keys()
    for channel in Channel.values:
        assert texts.render(Purpose.INVITATION, channel, context).text


def test_the_context_of_a_rdv_holds_all_that_its_texts_say(agent: Agent) -> None:
    context = rdv_context(ParticipationFactory())
    assert context.keys() == RDV.keys()
    for purpose in ABOUT_THEIR_RDV:
        assert texts.render(purpose, Channel.SMS, context).text
        assert texts.render(purpose, Channel.EMAIL, context).html


def test_an_earlier_slot_says_until_when_to_answer_and_what_happens_otherwise() -> None:
    email = mail(Purpose.EARLIER_SLOT)
    for words in (sms(Purpose.EARLIER_SLOT), email.text, email.html):
        assert re.search(r"Répondez avant 14 h 10", words)
        assert "reste inchangé" in words
    assert "votre rendez-vous du 12/03/2026 à 14 h reste inchangé" in sms(Purpose.EARLIER_SLOT)
    assert "votre rendez-vous du jeudi 12 mars 2026 à 14 h reste inchangé" in email.text


@TOLD_BY_MAIL
def test_a_mail_to_professionals_is_whole(purpose: str) -> None:
    email, link = mail(purpose), context_of(purpose)["link"]
    for words in (email.subject, email.text, email.html):
        assert not re.search(r"\{\{|\{%|\{#|#\}|None|&amp;#|undefined", words)
    assert not re.search(r"&(#x27|#39|amp|quot|nbsp|lt|gt);", email.subject + email.text)
    assert f"\n{link}\n" in email.text
    assert email.html.count(f'href="{link}"') == 2
    assert context_of(purpose)["organisation"] in email.text


@TOLD_BY_MAIL
def test_a_mail_to_professionals_escapes_what_people_typed(purpose: str) -> None:
    html = mail(
        purpose, organisation="CD <b>26</b>", title="<script>", category="<script>", colleagues=["<i>"]
    ).html
    assert "<b>26" not in html
    assert "<script" not in html
    assert "<i>" not in html


@TOLD_BY_MAIL
def test_a_mail_to_professionals_is_accessible(purpose: str) -> None:
    outline = _Outline(mail(purpose).html)
    assert len(outline.all("h1")) == 1
    assert all(table["role"] == "presentation" for table in outline.all("table"))
    assert not outline.all("img") + outline.all("script") + outline.all("link")


@pytest.mark.parametrize(
    ("what", "says"),
    [("removed", "Ce rendez-vous n'est plus le vôtre."), ("cancelled", "Ce temps est de nouveau libre")],
)
def test_an_agent_reads_what_becomes_of_their_time(what: str, says: str) -> None:
    assert says in mail(Purpose.AGENT_RDV, what=what).text
    assert says not in mail(Purpose.AGENT_RDV).text


def test_an_agent_reads_the_moment_before_and_after_a_move() -> None:
    email = mail(Purpose.AGENT_RDV)
    assert email.subject == "Rendez-vous déplacé : mardi 3 mars 2026 à 9 h 30"
    for words in (email.text, email.html):
        assert "Au lieu du lundi 2 mars 2026 à 10 h" in words
        assert "Déplacé par la personne." in words
    assert "Au lieu" not in mail(Purpose.AGENT_RDV, former_moment="").text


def test_who_receives_learns_who_prescribed_and_who_prescribed_that_it_is_done() -> None:
    assert (
        "Bob Admin (France Travail de Die) a pris un rendez-vous chez vous" in mail(Purpose.PRESCRIPTION).text
    )
    told = mail(Purpose.PRESCRIPTION, to_prescriber=True)
    assert "Le rendez-vous que vous avez pris est confirmé." in told.text
    assert "Pour : Maïa N." in told.text
    assert "Bob Admin" not in told.text


@pytest.mark.parametrize(("count", "words"), [(1, "1 personne n'a pas"), (3, "3 personnes n'ont pas")])
def test_an_organisation_learns_how_many_found_no_slot_and_what_to_do(count: int, words: str) -> None:
    email = mail(Purpose.NO_SLOT, count=count)
    assert words in email.text
    assert "Ouvrez de nouvelles plages" in email.text
    assert "RSA orientation d'accueil" in email.subject


@pytest.mark.parametrize(
    ("waiting", "free", "words"),
    [
        (1, 0, "1 personne attend une invitation. Aucun créneau n'est libre"),
        (34, 1, "34 personnes attendent une invitation. Il reste 1 créneau libre dans"),
        (34, 12, "34 personnes attendent une invitation. Il reste 12 créneaux libres dans"),
    ],
)
def test_a_colleague_learns_how_many_wait_for_how_many_slots(waiting: int, free: int, words: str) -> None:
    email = mail(Purpose.SLOT_REQUEST, waiting=waiting, free=free)
    assert words in email.text
    assert "Alice Agent vous demande des créneaux : RSA orientation d'accueil" in email.subject


def test_what_came_of_a_dropped_file_is_told_in_figures_with_what_to_do() -> None:
    email = mail(Purpose.IMPORT_RESULT)
    assert email.subject == "Fichier importé : flux d'avril.xml (3 personnes créées)"
    assert "- Personnes créées : 3" in email.text
    assert "1. Corrigez les lignes refusées." in email.text
    assert "https://rdv-insertion.fr/imports/12/" in email.text


def test_a_dropped_file_that_asks_nothing_of_anybody_says_so_by_its_silence() -> None:
    assert "Ce qu'il faut faire" not in mail(Purpose.IMPORT_RESULT, to_do=[]).text
