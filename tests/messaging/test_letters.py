import time
from io import BytesIO
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pypdf import PdfReader

from rdv_insertion.invitations.letters import letters_pdf
from rdv_insertion.invitations.models import CategoryConfiguration
from rdv_insertion.invitations.services import invite
from rdv_insertion.messaging.channels.letter.render import render_letters
from rdv_insertion.messaging.enums import Channel
from tests.factories import FollowUpFactory, UsagerFactory

NASTY = '#panic() *gras* _x_ $1+1$ @ref <lbl> \\end `raw` // /* "q" [x] {y} ~ = - + https://x.y'


def a_letter(**changes: Any) -> dict[str, Any]:
    letter: dict[str, Any] = {
        "sender": ["Conseil départemental de la Drôme", "Tél. : 04 75 00 00 00"],
        "recipient": ["Madame Maïa N'DIAYE", "12 rue de la République", "26000 Valence"],
        "place_and_date": "Valence, le mardi 3 mars 2026",
        "subject": "choisissez la date de votre rendez-vous",
        "paragraphs": ["Bonjour Madame,", "Choisissez avant le vendredi 13 mars 2026."],
        "link": "https://rdv-insertion.fr/r/ABCDEFGH",
        "code": "ABCD EFGH",
        "typing_page": "rdv-insertion.fr/invitation",
        "signature": ["Conseil départemental de la Drôme"],
    }
    return {**letter, **changes}


def read(pdf: bytes) -> PdfReader:
    return PdfReader(BytesIO(pdf))


def text_of(pdf: bytes) -> str:
    return " ".join(" ".join(page.extract_text().split()) for page in read(pdf).pages)


def test_a_letter_says_all_on_one_page() -> None:
    pdf = render_letters([a_letter()])
    assert len(read(pdf).pages) == 1
    text = text_of(pdf)
    for words in (
        "Madame Maïa N'DIAYE",
        "26000 Valence",
        "ABCD EFGH",
        "rdv-insertion.fr/invitation",
        "Objet :",
    ):
        assert words.replace("'", "’") in text.replace("'", "’")


def test_the_document_can_be_read_aloud() -> None:
    reader = read(render_letters([a_letter()]))
    root = reader.trailer["/Root"]
    assert root["/Lang"].startswith("fr")
    assert root["/MarkInfo"]["/Marked"].value is True
    assert root["/ViewerPreferences"]["/DisplayDocTitle"].value is True
    assert reader.metadata is not None
    assert reader.metadata.title == "Courrier à Madame Maïa N'DIAYE : choisissez la date de votre rendez-vous"
    assert "pdfuaid:part" in root["/Metadata"].get_data().decode()


def test_the_qr_code_is_described_in_words() -> None:
    assert "appareil photo" in str(_alternatives(read(render_letters([a_letter()]))))


def _alternatives(reader: PdfReader) -> list[str]:
    found = (reader.get_object(number) for number in range(1, len(reader.xref[0]) + len(reader.xref_objStm)))
    return [str(one["/Alt"]) for one in found if isinstance(one, dict) and "/Alt" in one]


def test_what_people_typed_is_printed_and_never_run() -> None:
    pdf = render_letters(
        [a_letter(recipient=[NASTY, NASTY], sender=[NASTY], paragraphs=[NASTY], subject=NASTY)]
    )
    text = text_of(pdf)
    for piece in ("#panic()", "*gras*", "_x_", "$1+1$", "@ref", "<lbl>", "\\end", "`raw`"):
        assert text.count(piece) >= 4


def test_names_in_other_alphabets_do_not_stop_the_run() -> None:
    text = text_of(render_letters([a_letter(paragraphs=["日本 😀 عربي Αθήνα Łódź \u202e\x00 fin"])]))
    assert "Αθήνα Łódź" in text
    assert "fin" in text


@settings(max_examples=40)
@given(st.text(max_size=60))
def test_any_name_gives_a_letter(name: str) -> None:
    assert render_letters([a_letter(recipient=[name, "26000 Valence"])]).startswith(b"%PDF-")


def test_a_long_address_stays_whole() -> None:
    address = [
        "Madame Marie-Christine Bérengère Éléonore DE LA TOUR-DU-PIN-CHAMBLY-DE-LA-CHARCE",
        "Résidence Les Hauts de la République, bâtiment Les Mimosas, escalier B, appartement 421",
        "1234 ancienne route départementale de Saint-Rambert-d'Albon",
        "26140 Saint-Rambert-d'Albon",
    ]
    pdf = render_letters([a_letter(recipient=address, sender=["Communauté d'agglomération " * 6, "Tél."])])
    assert len(read(pdf).pages) == 1
    assert "26140 Saint-Rambert" in text_of(pdf)


def test_without_a_link_there_is_neither_code_nor_qr() -> None:
    text = text_of(render_letters([a_letter(link="", code="", typing_page="")]))
    assert "appareil photo" not in text
    assert "tapez ce code" not in text


def test_each_letter_of_a_run_begins_a_page_and_the_title_counts_them() -> None:
    reader = read(render_letters([a_letter(code=f"CODE {number:04d}") for number in range(5)]))
    assert len(reader.pages) == 5
    assert reader.metadata is not None
    assert reader.metadata.title == "5 courriers"
    assert "CODE 0004" in reader.pages[4].extract_text()


def test_a_thousand_letters_take_less_than_five_seconds_of_work() -> None:
    letters = [
        a_letter(code=f"{number:08d}", link=f"https://rdv-insertion.fr/r/{number:08d}")
        for number in range(1_000)
    ]
    start = time.process_time()  # the machine may be busy with other tests
    pdf = render_letters(letters)
    assert time.process_time() - start < 5
    assert len(read(pdf).pages) == 1_000


@pytest.mark.django_db
def test_the_letter_of_an_invitation_holds_its_code_address_and_phone(
    configuration: CategoryConfiguration,
) -> None:
    from django.utils import timezone

    usager = UsagerFactory(organisation=configuration.organisation, address="12 rue de l'Église 26150 Die")
    follow_up = FollowUpFactory(usager=usager, motif_category=configuration.motif_category)
    report = invite(
        follow_ups=[follow_up],
        configuration=configuration,
        channels=[Channel.LETTER],
        origin="users_index_page",
        now=timezone.now(),
        even_without_slots=True,
    )
    [invitation] = report.invitations[follow_up.pk]
    text = text_of(letters_pdf([invitation]))
    # Kerning parts some letters of the code for who reads the PDF as text.
    assert invitation.code in text.replace(" ", "")
    assert "26150 Die" in text
    assert usager.last_name.upper() in text
    assert "04 75 00 00 00" in text
    assert "Valence, le " in text
