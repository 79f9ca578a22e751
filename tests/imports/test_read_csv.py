"""Text cut by separators: every way of writing the same table gives the same table."""

import csv
from io import StringIO

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from rdv_insertion.imports.read import MAX_CELL_LENGTH, Table, UnreadableFile, read_tables

_ROWS = [["Nom", "Prénom", "Ville"], ["Lefèvre", "Zoé", "Crest"], ["Garçon", "Noël", "Die"]]


def rows_of(text: str, encoding: str = "utf-8") -> list[list[str]]:
    [table] = read_tables(text.encode(encoding))
    return table.rows


def refusal(content: bytes) -> str:
    with pytest.raises(UnreadableFile) as raised:
        read_tables(content)
    return str(raised.value)


# What comes back as it was: texts without blanks around, that a French keyboard types, spread on some lines.
_WORDS = st.text("abcdefghijklmnopqrstuvwxyzABCDEF éèçàùâîôëïüÉÀÇ0123456789.-'’/@+()", max_size=20).map(
    str.strip
)
_CELLS = st.one_of(
    _WORDS,
    st.builds("{}{}{}".format, _WORDS, st.sampled_from(['"', "\n", ";", ",", "\t", "|", '""', ", "]), _WORDS),
).map(str.strip)


@st.composite
def _tables(draw: st.DrawFn) -> list[list[str]]:
    """A header of plain titles, then people: at least two columns, the first of which is filled."""
    width = draw(st.integers(2, 6))
    titles = [["Nom", "Prénom", "Mail", "Téléphone", "Adresse", "Ville"][:width]]
    named = st.text("abcdeéèç", min_size=2, max_size=8)
    people = st.tuples(named, *[_CELLS] * (width - 1)).map(list)
    return titles + draw(st.lists(people, min_size=2, max_size=12))


@settings(max_examples=300)
@given(
    _tables(),
    st.sampled_from(";,\t|"),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "cp1252"]),
    st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    st.sampled_from(["\n", "\r\n"]),
)
@example([["Nom", "Prénom"], ["é", "’"], ["è", '"']], ";", "cp1252", csv.QUOTE_MINIMAL, "\n")
def test_any_table_written_in_any_way_comes_back(
    table: list[list[str]], separator: str, encoding: str, quoting: int, end: str
):
    buffer = StringIO()
    csv.writer(buffer, delimiter=separator, quoting=quoting, lineterminator=end).writerows(table)  # type: ignore[arg-type]
    assert rows_of(buffer.getvalue(), encoding) == table


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf_16_without_a_mark_is_recognised(encoding: str):
    text = "Nom;Prénom;Ville\r\nLefèvre;Zoé;L’Épine\r\n"
    assert rows_of(text, encoding) == [["Nom", "Prénom", "Ville"], ["Lefèvre", "Zoé", "L’Épine"]]


# Short texts as files hold them. A detector made for long texts (charset-normalizer 3.5) is wrong about 4 in
# 10 of those in windows-1252, and 8 in 10 of those of a Mac or of DOS.
_SHORT = ["Zoé", "Noël", "Béatrice", "François", "Maïté", "Hélène D'ANGÉLY", "Hervé"]
_SHORT_IN_WINDOWS = [*_SHORT, "GARÇON", "N° CAF", "Benoît", "LEFÈVRE", "FRANçOISE"]


@pytest.mark.parametrize(
    ("name", "encoding"),
    [
        *((name, encoding) for name in _SHORT for encoding in ("mac_roman", "cp850")),
        *((name, encoding) for name in _SHORT_IN_WINDOWS for encoding in ("utf-8", "cp1252")),
    ],
)
def test_the_encoding_of_a_short_text_is_told_by_its_french(name: str, encoding: str):
    assert rows_of(f"Nom;Ville\n{name};Die\n", encoding) == [["Nom", "Ville"], [name, "Die"]]


@pytest.mark.parametrize("letter", "éèêëàâçîïôöûùüœÉÈÊËÀÂÇÎÏÔÛÙŒ°’«»€")
def test_a_single_letter_is_read_as_windows_writes_it(letter: str):
    """Whatever else it could be: nothing is as frequent in the field."""
    assert rows_of(f"Nom;Ville\nX {letter} X;Die\n", "cp1252")[1] == [f"X {letter} X", "Die"]


@pytest.mark.parametrize("name", ["Œuvrard", "L’Hôte", "100 €"])
def test_letters_that_latin_1_lacks_are_read_as_windows_writes_them(name: str):
    assert rows_of(f"Nom;Ville\n{name};Die\n", "cp1252")[1] == [name, "Die"]


def test_one_damaged_byte_does_not_spoil_the_accents_of_a_whole_file():
    content = ("Nom;Prénom\n" + "Lefèvre;Zoé\n" * 30).encode() + b"Garc\xe7on;Paul\n"
    rows = read_tables(content)[0].rows
    assert rows[1] == ["Lefèvre", "Zoé"]
    assert rows[-1] == ["Garc\ufffdon", "Paul"]


@pytest.mark.parametrize("end", ["\n", "\r", "\r\n"])
def test_lines_end_as_on_any_system(end: str):
    assert rows_of(end.join(";".join(row) for row in _ROWS)) == _ROWS


@pytest.mark.parametrize("end", ["\n", "\r", "\r\n"])
def test_a_line_break_inside_quotes_is_kept_as_one(end: str):
    assert rows_of(f'Nom;Adresse{end}A;"Bât. B{end}26000 Valence"{end}')[1] == ["A", "Bât. B\n26000 Valence"]


@pytest.mark.parametrize("declaration", ["sep=;", "SEP=;", '"sep=;"'])
def test_the_line_that_excel_writes_for_itself_is_obeyed_and_not_shown(declaration: str):
    assert rows_of(f"{declaration}\r\nNom;Adresse\r\nA;1, rue, de, la, Paix\r\n") == [
        ["Nom", "Adresse"], ["A", "1, rue, de, la, Paix"],
    ]  # fmt: skip


@pytest.mark.parametrize(
    "title",
    [
        "Liste des bénéficiaires",
        "Liste des bénéficiaires, département de la Drôme, mars 2026",
        '"Liste ; arrêtée au 3 mars"',
        "Extraction | service insertion | page 1",
    ],
)
@pytest.mark.parametrize("separator", [";", ",", "\t"])
def test_titles_above_a_table_do_not_hide_its_separator(title: str, separator: str):
    text = f"{title}\n\n" + "\n".join(separator.join(row) for row in _ROWS * 2)
    assert [row[:3] for row in rows_of(text)[2:5]] == _ROWS


def test_commas_of_unquoted_addresses_do_not_cut_a_table():
    text = "Nom;Adresse\n" + "A;1, rue de la Paix, bât. B, 26000 Valence\n" * 20
    assert rows_of(text)[1] == ["A", "1, rue de la Paix, bât. B, 26000 Valence"]


@pytest.mark.parametrize(
    "text",
    [
        "Nom;Adresse\n" + "A;1,rue,de,la,Paix\n" * 20,
        "Nom;Adresse, ville, pays\n" + "A;1, rue de la Paix, Valence\n" * 20,
    ],
)
def test_commas_that_cut_a_table_more_often_than_its_separator_are_text(text: str):
    assert {len(row) for row in rows_of(text)} == {2}


def test_a_separator_followed_by_spaces_is_still_one():
    assert rows_of("Nom; Prénom; Mail\nA; Zoé; a@b.fr\n") == [
        ["Nom", "Prénom", "Mail"],
        ["A", "Zoé", "a@b.fr"],
    ]


def test_one_column_is_a_table_too():
    assert rows_of("Nom\nLefèvre\nGarçon\n") == [["Nom"], ["Lefèvre"], ["Garçon"]]


@pytest.mark.parametrize("blank", [" ", "  ", "\u00a0", "\t", "\u200b", "\ufeff", "\u00a0 "])
def test_a_cell_of_blanks_is_blank(blank: str):
    assert rows_of(f"Nom;Prénom;Mail\nA;{blank};a@b.fr\n")[1] == ["A", "", "a@b.fr"]


def test_marks_without_width_that_a_copy_brings_along_are_dropped():
    assert rows_of("Nom;Mail\nA\u200bB;\u202aa@b.fr\u202c\n")[1] == ["AB", "a@b.fr"]


@pytest.mark.parametrize("error", ["#N/A", "#REF!", "#VALEUR!", "#NOM?", "#DIV/0!"])
def test_what_excel_writes_of_a_failed_formula_is_no_value(error: str):
    assert rows_of(f"Nom;Prénom\n{error};Zoé\n")[1] == ["", "Zoé"]


def test_zeros_and_marks_of_the_end_of_old_files_are_not_content():
    assert read_tables(b"Nom;Mail\nA;a@b.fr\n" + b"\x00" * 500)[0].rows[1:] == [["A", "a@b.fr"]]
    assert read_tables(b"Nom;Mail\nA;a@b.fr\n\x1a")[0].rows[1:] == [["A", "a@b.fr"]]


def test_formulas_are_texts():
    assert rows_of("Nom;Mail\n=cmd|' /C calc'!A0;a@b.fr\n")[1][0] == "=cmd|' /C calc'!A0"


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b'Nom;Mail\n"A";a@b.fr\n"B;c@d.fr\n', "à la ligne 3 : un guillemet n'y est pas refermé"),
        (b"Nom;Mail\n" + b"x" * (MAX_CELL_LENGTH + 1) + b";a@b.fr\n", "À la ligne 2, une cellule contient"),
        (b"a;" * 999 + b"a\n", "1000 colonnes, la limite est de 200. Gardez"),
        (b"Nom;Mail\n" + b"\x00\x01" * 40, "ni un classeur ni un CSV"),
        ("Nom;Prénom\nLefèvre;Zoé\n".encode("utf-32"), "ni un classeur ni un CSV"),
        (b"<html><body><table><tr><td>Nom</td></tr></table></body></html>", "Ouvrez-le avec Excel"),
        ("<HTML>".encode("utf-16"), "une page web"),
        (b"<table border=1><tr><td>Nom</td></tr></table>", "une page web"),
        (b'<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?><Workbook/>', "un XML"),
    ],
)  # fmt: skip
def test_a_text_that_cannot_be_used_says_why_and_what_to_do(content: bytes, sentence: str):
    assert sentence in refusal(content)


def test_more_filled_cells_than_memory_allows_are_refused(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("rdv_insertion.imports.read.delimited.MAX_CELLS", 10)
    assert "cellules remplies" in refusal(b"a;b\n" * 6)
    assert read_tables(b"a;b\n" * 5) == [Table([["a", "b"]] * 5)]
