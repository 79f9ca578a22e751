import re
from typing import Any

import pytest

from rdv_insertion.messaging.enums import Channel, Purpose
from rdv_insertion.messaging.texts import from_templates as texts
from tests.messaging.contexts import (
    AGENT_RDV,
    BLOCKED_PEOPLE,
    IMPORT_RESULT,
    NO_SLOT,
    PRESCRIPTION,
    SLOT_REQUEST,
)
from tests.messaging.outline import Outline

CONTEXTS: dict[str, dict[str, Any]] = {
    Purpose.AGENT_RDV: AGENT_RDV,
    Purpose.PRESCRIPTION: PRESCRIPTION,
    Purpose.NO_SLOT: NO_SLOT,
    Purpose.BLOCKED_PEOPLE: BLOCKED_PEOPLE,
    Purpose.SLOT_REQUEST: SLOT_REQUEST,
    Purpose.IMPORT_RESULT: IMPORT_RESULT,
}
TOLD_BY_MAIL = pytest.mark.parametrize("purpose", CONTEXTS)


def context_of(purpose: str, **changes: Any) -> dict[str, Any]:
    return {**CONTEXTS[purpose], **changes}


def mail(purpose: str, **changes: Any) -> texts.Text:
    return texts.render(purpose, Channel.EMAIL, context_of(purpose, **changes))


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
    outline = Outline(mail(purpose).html)
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
