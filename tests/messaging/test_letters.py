import time
from io import BytesIO
from typing import Any

import pytest
import zxingcpp
from hypothesis import given, settings
from hypothesis import strategies as st
from pypdf import PdfReader
from pypdfium2 import PdfDocument, PdfPage

from rdv_insertion.invitations.letters import letters_pdf
from rdv_insertion.invitations.models import CategoryConfiguration
from rdv_insertion.invitations.services import invite
from rdv_insertion.messaging.channels.letter import render
from rdv_insertion.messaging.channels.letter.frame import address_lines, has_postal_address
from rdv_insertion.messaging.channels.letter.render import render_letters
from rdv_insertion.messaging.enums import Channel
from rdv_insertion.messaging.models import Picture
from rdv_insertion.usagers.models import Usager
from tests.factories import FollowUpFactory, UsagerFactory
from tests.messaging.pictures import png

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


def test_a_reader_finds_each_persons_own_link_in_the_qr_code_even_badly_printed() -> None:
    links = [f"https://rdv-insertion.fr/r/{code}" for code in ("ABCDEFGH", "ZZZZ2345")]
    with PdfDocument(render_letters([a_letter(link=link) for link in links])) as document:
        assert [_qr_codes(page) for page in document] == [[link] for link in links]


def _qr_codes(page: PdfPage) -> list[str]:
    """What a reader of QR codes finds on a page drawn at 72 points an inch, a quarter of what printers do."""
    drawn = page.render(scale=1, grayscale=True)
    image = memoryview(bytes(drawn.buffer)).cast("B", shape=[drawn.height, drawn.stride])
    return [found.text for found in zxingcpp.read_barcodes(image)]


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


POINTS_PER_MM = 72 / 25.4


def placed(pdf: bytes, words: str) -> tuple[float, float]:
    """Where `words` begin on the first page: from the left and from the top, in millimetres."""
    found: list[tuple[float, float]] = []
    page = read(pdf).pages[0]

    def look(text: str, page_matrix: list[float], matrix: list[float], *_font: Any) -> None:
        if words in text:
            a, b, c, d, left, bottom = page_matrix
            left += a * matrix[4] + c * matrix[5]
            top = float(page.mediabox.height) - (bottom + b * matrix[4] + d * matrix[5])
            found.append((left / POINTS_PER_MM, top / POINTS_PER_MM))

    page.extract_text(visitor_text=look)
    return found[0]


# What a window of 35 mm shows of a sheet folded in three, in an envelope of 110 mm, wherever it has slid.
IN_WINDOW = (55, 79.5)
LOGOS = {"logos": [{"digest": "a" * 64, "name": "Logo"}]}
LONG_SENDER = {"sender": ["Communauté d'agglomération du Pays de Die", *["Direction"] * 5, "Tél. : 3949"]}


@pytest.mark.parametrize("changes", [{}, LOGOS, LONG_SENDER, LOGOS | LONG_SENDER])
def test_the_address_is_in_the_window_of_the_envelope(changes: dict[str, Any]) -> None:
    picture = Picture(digest="a" * 64, media_type="image/png", content=png(300, 100))
    pdf = render_letters([a_letter(**changes)], {picture.digest: picture})
    for line in ("Madame", "26000"):
        left, top = placed(pdf, line)
        assert 109 < left < 112
        assert IN_WINDOW[0] < top < IN_WINDOW[1]
    # Nothing else is in the window: the date comes below.
    assert placed(pdf, "Valence, le")[1] > 85


def test_six_lines_of_address_are_written_in_full_size_and_more_in_smaller() -> None:
    six, eight = ([f"Ligne {number}" for number in range(count)] for count in (6, 8))
    for lines in (six, eight):
        pdf = render_letters([a_letter(recipient=lines)])
        assert IN_WINDOW[0] < placed(pdf, lines[0])[1]
        assert placed(pdf, lines[-1])[1] < IN_WINDOW[1]


@pytest.mark.parametrize(
    ("part", "lines"),
    [
        ("12, rue de la République", ("12, rue de la République",)),
        (
            "Résidence Les Hauts, bâtiment Les Mimosas, escalier B",
            ("Résidence Les Hauts", "bâtiment Les Mimosas", "escalier B"),
        ),
        (
            "Madame Marie-Christine Éléonore DE LA TOUR-DU-PIN",
            ("Madame Marie-Christine Éléonore DE LA", "TOUR-DU-PIN"),
        ),
        ("Chez M. Benali\n12 rue Haute", ("Chez M. Benali", "12 rue Haute")),
        ("x" * 50, ("x" * 38, "x" * 12)),
        ("", ()),
    ],
)
def test_lines_of_an_address_have_38_characters_at_most(part: str, lines: tuple[str, ...]) -> None:
    assert address_lines(part) == lines


@pytest.mark.parametrize(
    ("address", "whole"),
    [
        ("12 rue de l'Église 26150 Die", True),
        ("Le Village, 26150 Die", True),
        ("26150 Die", False),
        ("12 rue de l'Église", False),
        (None, False),
    ],
)
def test_a_letter_needs_a_street_and_a_town(address: str | None, whole: bool) -> None:
    assert has_postal_address(Usager(address=address)) is whole


IN_ARABIC = {
    "language": "ar",
    "direction": "rtl",
    "subject": "اختاروا موعد لقائكم",
    "paragraphs": ["أنتم من المستفيدين من RSA.", "اتصلوا بالرقم 04 75 00 00 00."],
}


def test_the_translation_is_on_a_page_of_its_own_and_says_its_language() -> None:
    reader = read(render_letters([a_letter(translation=IN_ARABIC)]))
    assert len(reader.pages) == 2
    page = reader.pages[1].extract_text()
    assert "?" not in page
    assert "ABCD EFGH" in " ".join(page.split())
    languages = {
        str(one["/Lang"])
        for number in range(1, int(reader.trailer["/Size"]))
        if isinstance(one := reader.get_object(number), dict) and "/Lang" in one
    }
    assert any(one.startswith("ar") for one in languages)


def test_a_number_keeps_its_order_between_words_that_go_from_right_to_left() -> None:
    page = read(render_letters([a_letter(translation=IN_ARABIC)])).pages[1]
    assert "04 75 00 00 00" in " ".join(page.extract_text().split())


def test_persian_is_drawn_with_its_own_letters() -> None:
    persian = {**IN_ARABIC, "language": "fa", "subject": "پیام گ چ ژ می\u200cخواهیم", "paragraphs": ["۱۲۳"]}
    assert "?" not in read(render_letters([a_letter(translation=persian)])).pages[1].extract_text()


_ARABIC_OR_SO = st.characters(min_codepoint=0x600, max_codepoint=0x6FF) | st.sampled_from("\u200c a1")


@settings(max_examples=40)
@given(st.text(_ARABIC_OR_SO, max_size=30))
def test_any_arabic_text_gives_a_letter(text: str) -> None:
    translation = {**IN_ARABIC, "subject": text, "paragraphs": [text]}
    letter = a_letter(translation=translation, recipient=[text, "26000 Valence"])
    assert render_letters([letter]).startswith(b"%PDF-")


@pytest.fixture
def django_settings(settings: Any) -> Any:
    """Under another name than hypothesis' own."""
    return settings


def test_without_the_font_arabic_is_replaced_rather_than_refused(django_settings: Any, tmp_path: Any) -> None:
    django_settings.LETTER_FONTS = tmp_path / "nowhere"
    for cached in (render._fonts, render._compiler):
        cached.cache_clear()
    try:
        assert "?" in text_of(render_letters([a_letter(translation=IN_ARABIC)]))
    finally:
        for cached in (render._fonts, render._compiler):
            cached.cache_clear()


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
