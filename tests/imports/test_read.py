"""From bytes to tables, whatever the name, and what is said when it cannot be."""

import gzip
import os
import random
from collections.abc import Callable
from datetime import date, datetime
from functools import partial
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

from rdv_insertion.imports.read import MAX_BYTES, Table, UnreadableFile, check_size, read_tables
from tests.imports import files

_ODS = """<?xml version="1.0"?><office:document-content
 xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"
 xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"
 xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"><office:body><office:spreadsheet>
 <table:table table:name="Liste"><table:table-row{repeat}><table:table-cell office:value-type="string">
 <text:p>Nom</text:p></table:table-cell></table:table-row></table:table>
 </office:spreadsheet></office:body></office:document-content>"""


def rows_of(content: bytes) -> list[list[str]]:
    return read_tables(content)[0].rows


def ods(repeat: str = "") -> bytes:
    buffer = BytesIO()
    with ZipFile(buffer, "w") as zipped:
        zipped.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        zipped.writestr("content.xml", _ODS.format(repeat=repeat))
        manifest = "urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"
        zipped.writestr(
            "META-INF/manifest.xml", f'<manifest:manifest xmlns:manifest="{manifest}"></manifest:manifest>'
        )
    return buffer.getvalue()


def test_a_workbook_gives_the_texts_an_agent_would_have_typed():
    typed = ["Zoé ", date(1985, 4, 3), datetime(2026, 3, 3, 9, 30), 782605940.0, 1.5, True]
    read = ["Zoé", "1985-04-03", "2026-03-03 09:30:00", "782605940", "1.5", "oui"]
    assert rows_of(files.xlsx([["Nom"], typed]))[1] == read


def test_an_opendocument_sheet_is_read():
    assert read_tables(ods()) == [Table([["Nom"]], "Liste")]


def test_a_workbook_of_excel_97_is_read():
    assert read_tables(files.XLS) == [
        Table(
            [
                ["Nom", "Prénom", "Date de naissance", "NIR", "Téléphone"],
                ["Lefèvre", "Zoé", "1985-04-03", "2850426362045", "782605940"],
            ],
            "Liste",
        )
    ]


def workbook(fill: Callable[[xlsxwriter.Workbook], None]) -> bytes:
    """A workbook filled by a function."""
    buffer = BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True})
    fill(book)
    book.close()
    return buffer.getvalue()


def test_formulas_give_what_they_gave_last_and_failed_ones_nothing():
    def fill(book: xlsxwriter.Workbook) -> None:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["Nom", "Prénom", "Taux", "Nombre"])
        sheet.write_formula(1, 0, '=CONCAT("A";"B")', None, "AB")
        sheet.write_formula(1, 1, "=1/0", None, "#DIV/0!")
        sheet.write(1, 2, 0.25, book.add_format({"num_format": "0%"}))
        sheet.write_formula(1, 3, "=1+1", None, 2)

    assert rows_of(workbook(fill))[1] == ["AB", "", "0.25", "2"]


def test_a_merged_title_is_in_its_first_cell():
    def fill(book: xlsxwriter.Workbook) -> None:
        sheet = book.add_worksheet()
        sheet.merge_range(0, 0, 0, 2, "Liste de mars")
        sheet.write_row(2, 0, ["Nom", "Prénom", "Mail"])

    assert rows_of(workbook(fill)) == [["Liste de mars", "", ""], ["", "", ""], ["Nom", "Prénom", "Mail"]]


def _with_hidden(book: xlsxwriter.Workbook, *, seen: str) -> None:
    book.add_worksheet("Vue").write_row(0, 0, [seen, ""])
    hidden = book.add_worksheet("Cachée")
    hidden.write(0, 0, "Ancien")
    hidden.hide()


def test_hidden_sheets_are_left_alone():
    assert [table.sheet for table in read_tables(workbook(partial(_with_hidden, seen="Nom")))] == ["Vue"]


def test_hidden_sheets_are_read_when_nothing_else_holds_anything():
    assert [table.sheet for table in read_tables(workbook(partial(_with_hidden, seen="")))] == ["Cachée"]


def test_blanks_and_what_nobody_types_are_dropped_from_cells():
    typed = ["  Zoé\u00a0", "   ", "A\u200bB", "Bât. B\r\nValence", "Bât. C_x000D_\nDie", "fin"]
    assert rows_of(files.xlsx([["a"] * 6, typed]))[1] == [
        "Zoé", "", "AB", "Bât. B\nValence", "Bât. C\nDie", "fin",
    ]  # fmt: skip


@pytest.mark.parametrize("typed", [["x ", "y"], ["x", " y"], [" x", "y"], ["x", "y "]])
def test_a_space_around_a_cell_is_dropped_wherever_it_is(typed: list[str]):
    assert rows_of(files.xlsx([["a", "b"], typed])) == [["a", "b"], ["x", "y"]]


def test_a_character_that_separates_cells_for_us_does_not_in_a_file():
    cell = b'<c r="A1" t="inlineStr"><is><t>A&#x1f;B&#x1e;C&#x1d;D&#x1c;</t></is></c>'
    content = files.with_sheet_xml(files.xlsx([[1, 2], [3, 4]]), b'<c r="A1"><v>1</v></c>', cell)
    assert rows_of(content) == [["ABCD", "2"], ["3", "4"]]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (files.archive(**{"flux.xml": files.flow()}), "décompressez-la"),
        (files.archive(**{"liste.csv": b"Nom;Mail"}), "décompressez-la"),
        (gzip.compress(files.flow()), "décompressez-la"),
        (files.archive(**{"xl/workbook.bin": b"x"}), r"au format .xlsb, qui n'est pas lu ici"),
        (files.xlsx([["x"] * 1_000] * 2), "1000 colonnes, la limite est de 200. Gardez"),
        (files.xlsx(*[[["Nom"]]] * 201), "201 feuilles, la limite est de 200"),
        (files.xlsx([["Nom"], *[["A"]] * 50_001]), "dépasse 50000 lignes"),
    ],
)
def test_a_workbook_or_archive_that_cannot_be_used_says_what_to_do(content: bytes, sentence: str):
    with pytest.raises(UnreadableFile, match=sentence):
        read_tables(content)


def test_a_text_repeated_by_all_cells_of_a_small_file_is_refused():
    """Two megabytes in the file, eighty once read."""
    shared = "x" * 20_000
    with pytest.raises(UnreadableFile, match="démesuré"):
        read_tables(files.xlsx([[shared, shared]] * 2_000))


def test_a_cell_longer_than_excel_allows_is_named_by_its_row():
    cell = b'<c r="A2" t="inlineStr"><is><t>' + b"x" * 40_000 + b"</t></is></c>"
    content = files.with_sheet_xml(files.xlsx([["Nom"], [1]]), b'<c r="A2"><v>1</v></c>', cell)
    with pytest.raises(UnreadableFile, match="À la ligne 2, une cellule contient plus de 32767 caractères"):
        read_tables(content)


def test_every_sheet_that_holds_something_is_given():
    assert [table.sheet for table in read_tables(files.xlsx([["Lisez-moi"]], [], [["Nom"]]))] == [
        "Sheet1",
        "Sheet3",
    ]


@pytest.mark.parametrize("separator", [";", ",", "\t", "|"])
@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "latin-1", "cp1252", "mac_roman", "cp850"]
)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_csv_is_read_whatever_its_separator_encoding_and_line_ends(separator: str, encoding: str, end: str):
    rows = [["Nom", "Prénom", "Ville"], ["Lefèvre", "Zoé", "Crest"], ["Garçon", "Noël", "Die"]]
    assert rows_of(files.csv(*rows, separator=separator, encoding=encoding, end=end)) == rows


def test_commas_in_quoted_addresses_do_not_cut_a_csv_with_semicolons():
    content = b'Nom;Adresse\nA;"1, rue, de, la, Paix"\nB;"2, rue, de, la, Paix"\n'
    assert rows_of(content) == [
        ["Nom", "Adresse"],
        ["A", "1, rue, de, la, Paix"],
        ["B", "2, rue, de, la, Paix"],
    ]


def test_rows_have_as_many_cells_and_what_is_blank_at_the_ends_is_dropped():
    assert rows_of(b"Nom;Mail;;;\nA;;;;\n;;;;\nB;b@c.fr;;;\n;;;;\n\n") == [
        ["Nom", "Mail"], ["A", ""], ["", ""], ["B", "b@c.fr"],
    ]  # fmt: skip


def test_control_characters_that_a_database_refuses_are_dropped():
    assert rows_of(("Nom;Prénom\nA\x08B;C\n" + "D;E\n" * 20).encode())[1] == ["AB", "C"]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "vide"),
        (b"\xef\xbb\xbf\r\n", "vide"),
        ("\u200b;\u00a0\n;\n".encode(), "vide"),
        (b";;;\n;;;\n", "vide"),
        (files.xlsx([]), "aucune feuille"),
        (b"%PDF-1.7 \x00", "un document PDF"),
        (b"\x89PNG\r\n", "une image"),
        (b"\x1f\x8b\x08", "une archive"),
        (b"MZ\x90\x00", "un programme"),
        (files.archive(word__document=b"x"), "une archive ou un document"),
        (b"<html><table><tr><td>Nom</td></tr></table></html>", "une page web"),
        (b'<?xml version="1.0"?><Racine/>', "un XML"),
        (os.urandom(4_000), "ni un classeur ni un CSV"),
        (b"Nom;Pr\x00nom\n", "ni un classeur ni un CSV"),
        (files.OLE + b"\x00" * 3_000, "abîmé ou incomplet"),
        (files.drome()[:3_000], "abîmé ou incomplet"),
        (b'Nom;Mail\nA;a@b.fr\nB;"b@c.fr\nC;c@d.fr\n', "à la ligne 3 : un guillemet"),
        (b"a;" * 300 + b"a\n", "301 colonnes, la limite est de 200"),
        (b"Nom;Mail\n" + b"A;a@b.fr\n" * 50_001, "dépasse 50000 lignes"),
        (b"Nom;Mail\n" + b"\n" * 2_000_000 + b"A;a@b.fr\n", "dépasse 50000 lignes"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_used_says_why_in_french(content: bytes, sentence: str):
    with pytest.raises(UnreadableFile, match=sentence):
        read_tables(content)


def test_a_workbook_with_a_password_is_recognised():
    """An encrypted workbook is an OLE file with a stream of this name, whatever its extension."""
    with pytest.raises(UnreadableFile, match="protégé par un mot de passe"):
        read_tables(files.OLE + b"\x00" * 1_024 + "EncryptedPackage".encode("utf-16-le") + b"\x00" * 1_024)


def test_an_opendocument_sheet_with_a_password_is_recognised():
    manifest = b"<manifest:manifest><manifest:encryption-data/></manifest:manifest>"
    with pytest.raises(UnreadableFile, match="protégé par un mot de passe"):
        read_tables(files.archive(**{"content.xml": b"\x00\x01", "META-INF/manifest.xml": manifest}))


def test_a_flow_may_weigh_more_than_a_list_and_says_where_to_put_it_beyond():
    check_size(60 * 1024 * 1024, flow=True)
    with pytest.raises(UnreadableFile, match=r"flux pèse 101 Mo.*dossier surveillé"):
        check_size(101 * 1024 * 1024, flow=True)


def test_a_file_is_refused_by_its_size_alone():
    with pytest.raises(UnreadableFile, match=r"pèse 60 Mo. La limite est de 20 Mo"):
        check_size(60 * 1024 * 1024)
    with pytest.raises(UnreadableFile, match="La limite est de 20 Mo"):
        read_tables(b"x" * (MAX_BYTES + 1))


def test_an_archive_that_says_it_is_huge_is_not_opened():
    buffer = BytesIO()
    with ZipFile(buffer, "w", ZIP_DEFLATED) as zipped, zipped.open("xl/workbook.xml", "w") as part:
        for _ in range(310):
            part.write(bytes(1024 * 1024))
    with pytest.raises(UnreadableFile, match="démesuré"):
        read_tables(buffer.getvalue())


def test_a_cell_at_the_far_corner_takes_down_nothing():
    """The reader asks for 500 GB and aborts: only its own process dies."""
    corner = b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>'
    content = files.with_sheet_xml(files.xlsx([["Nom"], ["A"]]), b"</sheetData>", corner)
    assert len(content) < 10_000
    with pytest.raises(UnreadableFile, match="démesuré"):
        read_tables(content)


def test_a_formatted_but_blank_cell_at_the_far_corner_does_not_matter():
    corner = b'<row r="1048576"><c r="XFD1048576" s="1"/></row></sheetData>'
    content = files.with_sheet_xml(files.xlsx([["Nom"], ["A"]]), b"</sheetData>", corner)
    assert rows_of(content) == [["Nom"], ["A"]]


def test_a_row_repeated_a_million_times_is_refused():
    with pytest.raises(UnreadableFile):
        read_tables(ods(' table:number-rows-repeated="1048576"'))


def usable_or_refused(content: bytes) -> None:
    """What any bytes must lead to: a rectangle of texts, or a French sentence."""
    try:
        tables = read_tables(content)
    except UnreadableFile as refusal:
        assert str(refusal).endswith((".", ")."))
        return
    assert tables
    for table in tables:
        assert {len(row) for row in table.rows} <= {len(table.rows[0])}
        assert all(isinstance(cell, str) and "\x00" not in cell for row in table.rows for cell in row)


@settings(max_examples=200)
@given(
    st.binary(max_size=2_000),
    st.sampled_from([b"", b"PK\x03\x04", files.OLE, b"Nom;Mail\n", b"\xff\xfe", b'"']),
)
def test_random_bytes_are_read_or_refused(content: bytes, start: bytes):
    usable_or_refused(start + content)


@settings(max_examples=80)
@given(st.integers(0, 2**32), st.sampled_from(["xlsx", "ods", "csv", "contacts"]))
def test_damaged_files_are_read_or_refused(seed: int, kind: str):
    valid = {"xlsx": files.drome(), "ods": ods(), "csv": files.people(20), "contacts": files.contacts()}[kind]
    usable_or_refused(damaged(valid, random.Random(seed)))


@settings(max_examples=40)
@given(st.integers(0, 2**32))
def test_damaged_sheets_inside_sound_archives_are_read_or_refused(seed: int):
    """Damage inside the XML passes the checksums of the archive, and reaches the reader itself."""
    chance = random.Random(seed)
    with ZipFile(BytesIO(files.drome())) as archive:
        parts = {part.filename: archive.read(part) for part in archive.infolist()}
    name = chance.choice(sorted(parts))
    parts[name] = damaged(parts[name], chance)
    usable_or_refused(files.archive(**parts))


def damaged(content: bytes, chance: random.Random) -> bytes:
    """Cut, overwritten, repeated or stuffed at random places."""
    data = bytearray(content)
    for _ in range(chance.randint(1, 8)):
        place = chance.randrange(len(data) or 1)
        size = chance.randint(1, 40)
        piece = chance.choice(
            [bytes(size), chance.randbytes(size), bytes(data[place : place + size]), b'"', b"&x;"]
        )
        if chance.random() < 0.2:
            del data[place:]
        elif chance.random() < 0.5:
            data[place : place + size] = piece
        else:
            data[place:place] = piece
    return bytes(data)
