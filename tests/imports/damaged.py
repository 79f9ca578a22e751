"""Files such as nobody should send, made from sound ones by chance that is always the same.

Each must give tables or a French sentence, in a bounded time and memory; `reading_damaged` reads thousands.
"""

import random
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import BytesIO

import xlsxwriter

from tests.imports import files
from tests.imports.sound_files import (
    ODS_CLOSING,
    ODS_OPENING,
    archive,
    deflated,
    ods,
    ods_of,
    parts_of,
    sound,
    stored_part,
    undated,
    with_sheet,
    zeros,
)

SEED = 20260305
_BOMB_ENTITIES = b'<!DOCTYPE r [<!ENTITY a "%s">%s]>' % (
    b"a" * 1_000,
    b"".join(b'<!ENTITY %c "%s">' % (98 + level, b"&%c;" % (97 + level) * 100) for level in range(8)),
)
_OUTSIDE = b'<!DOCTYPE r [<!ENTITY a SYSTEM "file:///etc/passwd"><!ENTITY i SYSTEM "http://127.0.0.1:9/">]>'


@dataclass(frozen=True)
class DamagedFile:
    """A file to drop: its name, which says nothing sure of what is inside, and the kind of damage."""

    name: str
    family: str
    content: bytes


Maker = Callable[[random.Random], tuple[str, bytes]]
_FAMILIES: dict[str, Maker] = {}


def _family(name: str) -> Callable[[Maker], Maker]:
    def register(maker: Maker) -> Maker:
        _FAMILIES[name] = maker
        return maker

    return register


def damaged_files(count: int, seed: int = SEED) -> Iterator[DamagedFile]:
    """So many files, of each family in turn; the same ones for the same seed, wherever they are asked."""
    return (damaged_file(number, seed) for number in range(count))


def damaged_file(number: int, seed: int = SEED) -> DamagedFile:
    """One of `damaged_files`, by its number from 0."""
    family = family_of(number)
    name, content = _FAMILIES[family](random.Random(f"{seed}-{number}"))
    return DamagedFile(f"{number:04}-{name}", family, content)


def family_of(number: int) -> str:
    """The kind of damage of the file of this number."""
    return list(_FAMILIES)[number % len(_FAMILIES)]


# Damage by chance.


@_family("truncated")
def _truncated(chance: random.Random) -> tuple[str, bytes]:
    name, content = chance.choice(sorted(sound().items()))
    return name, content[: chance.randrange(len(content))]


@_family("flipped bytes")
def _flipped(chance: random.Random) -> tuple[str, bytes]:
    name, content = chance.choice(sorted(sound().items()))
    data = bytearray(content)
    for _ in range(chance.choice((1, 1, 3, 20, 200))):
        data[chance.randrange(len(data))] = chance.randrange(256)
    return name, bytes(data)


@_family("pieces moved")
def _moved(chance: random.Random) -> tuple[str, bytes]:
    name, content = chance.choice(sorted(sound().items()))
    cuts = sorted(chance.randrange(len(content)) for _ in range(3))
    first, second, third, fourth = (
        content[start:end] for start, end in zip([0, *cuts], [*cuts, len(content)], strict=True)
    )
    return name, b"".join(chance.sample([first, second, third, fourth, second], 5))


@_family("damaged parts of a sound archive")
def _inner(chance: random.Random) -> tuple[str, bytes]:
    name = chance.choice(["liste.xlsx", "liste.ods"])
    parts = parts_of(sound()[name])
    damaged = chance.choice(sorted(part for part in parts if parts[part]))
    data = bytearray(parts[damaged])
    for _ in range(chance.randint(1, 5)):
        place = chance.randrange(len(data))
        piece = chance.choice(
            [b"", b"<", b"&x;", b"\x00", b'"', chance.randbytes(8), bytes(data[place:][:50])]
        )
        data[place : place + chance.randrange(20)] = piece
        data = data or bytearray(b" ")
    return name, archive({**parts, damaged: bytes(data)})


@_family("parts taken away")
def _taken_away(chance: random.Random) -> tuple[str, bytes]:
    name = chance.choice(["liste.xlsx", "liste.ods"])
    parts = parts_of(sound()[name])
    for _ in range(chance.randint(1, 3)):
        parts.pop(chance.choice(sorted(parts)))
    return name, archive(parts)


@_family("other names")
def _other_name(chance: random.Random) -> tuple[str, bytes]:
    _, content = chance.choice(sorted(sound().items()))
    return chance.choice(
        ["liste", "liste.xls", "liste.xlsx", "liste.pdf", "l.csv", "…", "a\x00b.csv"]
    ), content


@_family("binary named .csv")
def _binary(chance: random.Random) -> tuple[str, bytes]:
    start = chance.choice(
        [b"", b"%PDF-1.7\n", b"\x89PNG\r\n\x1a\n", b"MZ\x90\x00", b"\x7fELF", b"\x1f\x8b\x08", b"PK\x03\x04"]
        + [b"Nom;Mail\n", b"\xff\xfe", b"\xfe\xff", files.OLE, b"Rar!\x1a\x07", b"7z\xbc\xaf", b"BZh9", b'"']
    )
    return "liste.csv", start + chance.randbytes(chance.choice((0, 1, 10, 5_000)))


@_family("HTML named .xls")
def _html(chance: random.Random) -> tuple[str, bytes]:
    table = "<table><tr><td>Nom</td><td>Prénom</td></tr><tr><td>A</td><td>Zoé</td></tr></table>"
    page = chance.choice(
        [
            "<html><head><meta charset=utf-8></head><body>{}</body></html>",
            "<!DOCTYPE html><html><body>{}</body></html>",
            '<html xmlns:x="urn:schemas-microsoft-com:office:excel">{}</html>',
            "{}",
            '<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?><Workbook>{}</Workbook>',
            "\n\n  <HTML>{}",
        ]
    )
    return "liste.xls", page.format(table).encode(chance.choice(["utf-8", "utf-8-sig", "cp1252", "utf-16"]))


@_family("wrong encodings")
def _encodings(chance: random.Random) -> tuple[str, bytes]:
    text = "Nom;Prénom;Ville\r\n" + "Lefèvre;Zoé;Crest\r\n" * chance.randint(1, 40)
    encoding = chance.choice(
        ["utf-7", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp037", "cp850", "mac_roman", "shift_jis"]
    )
    content = text.encode(encoding, errors="replace")
    mark = chance.choice([b"", b"", b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff"])
    return "liste.csv", (mark + content)[: len(content) - chance.randrange(3)]


@_family("quotes and line ends")
def _quotes(chance: random.Random) -> tuple[str, bytes]:
    pieces = [
        '"',
        '""',
        '"""',
        ";",
        ",",
        "\t",
        "|",
        "\n",
        "\r",
        "\r\n",
        "\r\r\n",
        "Nom",
        "Zoé",
        " ",
        "sep=;\n",
        "\x00",
    ]
    text = "".join(chance.choices(pieces, k=chance.choice((3, 30, 3_000))))
    return "liste.csv", ("Nom;Prénom\n" * chance.randrange(2) + text).encode()


# Attacks.


@_family("zip bombs, deep")
def _deep(chance: random.Random) -> tuple[str, bytes]:
    content = zeros()
    for level in range(chance.randint(1, 4)):
        content = archive({f"{level}.zip": content, "xl/workbook.xml": b""})
    return chance.choice(["liste.xlsx", "liste.zip"]), content


@_family("zip bombs, wide")
def _wide(chance: random.Random) -> tuple[str, bytes]:
    parts = parts_of(files.xlsx([["Nom"]]))
    name = chance.choice(
        ["xl/worksheets/sheet1.xml", "xl/sharedStrings.xml", "xl/styles.xml", "xl/workbook.xml"]
    )
    size = chance.choice((250, 400)) * 1024 * 1024
    return "liste.xlsx", stored_part(parts, name, size)


@_family("zip bombs, lying")
def _lying(chance: random.Random) -> tuple[str, bytes]:
    """The table of contents says a kilobyte; 200 MB come out."""
    content = bytearray(
        stored_part(parts_of(files.xlsx([["Nom"]])), "xl/worksheets/sheet1.xml", 200 * 1024 * 1024)
    )
    with zipfile.ZipFile(BytesIO(content)) as zipped:
        part = zipped.getinfo("xl/worksheets/sheet1.xml")
    size = part.file_size.to_bytes(4, "little")
    lie = chance.choice((0, 1, 1_000)).to_bytes(4, "little")
    return "liste.xlsx", bytes(content).replace(size, lie)


@_family("zip bombs, overlapping")
def _overlapping(chance: random.Random) -> tuple[str, bytes]:
    """Every entry of the table of contents is the same stream."""
    count = chance.choice((50, 500, 20_000))
    name, body = b"xl/workbook.xml", deflated(1024 * 1024)
    entry = b"PK\x03\x04" + bytes.fromhex("1400000008000000000000000000")
    entry += (
        len(body).to_bytes(4, "little")
        + (1024 * 1024).to_bytes(4, "little")
        + len(name).to_bytes(4, "little")
    )
    start = entry + name + body
    listed = b""
    for number in range(count):
        each = name if number == 0 else b"xl/worksheets/sheet%d.xml" % number
        listed += b"PK\x01\x02\x14\x00" + bytes.fromhex("1400000008000000000000000000")
        listed += len(body).to_bytes(4, "little") + (1024 * 1024).to_bytes(4, "little")
        listed += len(each).to_bytes(2, "little") + bytes(16) + each
    end = b"PK\x05\x06" + bytes(4) + min(count, 65_535).to_bytes(2, "little") * 2
    end += len(listed).to_bytes(4, "little") + len(start).to_bytes(4, "little") + bytes(2)
    return "liste.xlsx", start + listed + end


@_family("XXE")
def _xxe(chance: random.Random) -> tuple[str, bytes]:
    return _with_declaration(chance, _OUTSIDE)


@_family("billion laughs")
def _laughs(chance: random.Random) -> tuple[str, bytes]:
    return _with_declaration(chance, _BOMB_ENTITIES)


def _with_declaration(chance: random.Random, declaration: bytes) -> tuple[str, bytes]:
    kind = chance.choice(["xlsx", "ods", "flow", "attribute", "csv"])
    if kind == "xlsx":
        cell = (
            declaration
            + b'<worksheet><sheetData><row><c t="str"><v>&i;&a;</v></c></row></sheetData></worksheet>'
        )
        parts = parts_of(files.xlsx([["Nom"]]))
        part = chance.choice(["xl/worksheets/sheet1.xml", "xl/sharedStrings.xml", "xl/workbook.xml"])
        return "liste.xlsx", archive({**parts, part: b'<?xml version="1.0"?>' + declaration + cell})
    if kind == "ods":
        content = ODS_OPENING.replace(b"?>", b"?>" + declaration, 1)
        cell = b'<table:table-cell office:value-type="string"><text:p>&i;</text:p></table:table-cell>'
        row = b"<table:table-row>" + cell + b"</table:table-row>"
        return "liste.ods", ods_of(content + row + ODS_CLOSING)
    content = sound()["flux.xml"].replace(b"Marchand", b"&i;&a;")
    if kind == "attribute":
        content = content.replace(b"<Racine>", b'<Racine a="&i;">')
    head, _, rest = content.partition(b"<Racine")
    return ("flux.xml" if kind == "flow" else "liste.csv"), head + declaration + b"<Racine" + rest


# Absurd sizes.


@_family("too many columns")
def _columns(chance: random.Random) -> tuple[str, bytes]:
    width = chance.choice((201, 1_000, 16_384))
    if chance.random() < 0.5:
        return "liste.xlsx", undated(files.xlsx([[f"Colonne {number}" for number in range(width)]] * 3))
    return "liste.csv", files.csv([f"c{number}" for number in range(width)], ["x"] * width)


@_family("cells of 1 MB")
def _large_cells(chance: random.Random) -> tuple[str, bytes]:
    text = "é" * 1024 * 1024
    if chance.random() < 0.3:
        return "liste.ods", ods([["Nom", "Prénom"], [text, "Zoé"]])
    if chance.random() < 0.5:
        return "liste.xlsx", with_sheet(
            b'<row r="1"><c r="A1" t="inlineStr"><is><t>%s</t></is></c></row>' % text.encode()
        )
    return "liste.csv", files.csv(["Nom", "Prénom"], [text, "Zoé"])


@_family("absurd dimensions")
def _dimensions(chance: random.Random) -> tuple[str, bytes]:
    reference = chance.choice(
        [b"XFD1048576", b"A1048576", b"XFD1", b"ZZZZ9", b"A0", b"A99999999999", b"1A", b""]
    )
    repeated = chance.choice([b"1048576", b"999999999999", b"-1", b"x"])
    if chance.random() < 0.4:
        how = chance.choice([b"table:number-rows-repeated", b"table:number-columns-repeated"])
        row, cell = (b"row", b"cell") if b"rows" in how else (b"", b"")
        opened = b'<table:table-row %s="%s">' % (how, repeated) if row else b"<table:table-row>"
        inside = b"<table:table-cell" + (b"" if cell else b' %s="%s"' % (how, repeated))
        inside += b' office:value-type="string"><text:p>x</text:p></table:table-cell>'
        return "liste.ods", ods_of(ODS_OPENING + opened + inside + b"</table:table-row>" + ODS_CLOSING)
    return "liste.xlsx", with_sheet(
        b'<row r="1"><c r="A1"><v>1</v></c></row><row r="9"><c r="%s"><v>1</v></c></row>' % reference
    )


@_family("one string many times")
def _repeated_string(chance: random.Random) -> tuple[str, bytes]:
    """A file of a megabyte that says gigabytes: each cell is the same long text."""
    shared = b"<sst><si><t>%s</t></si></sst>" % (b"x" * chance.choice((10_000, 32_767)))
    rows = b'<row><c t="s"><v>0</v></c><c t="s"><v>0</v></c></row>' * chance.choice((1_000, 100_000))
    return "liste.xlsx", with_sheet(rows, **{"xl/sharedStrings.xml": shared})


@_family("shared strings out of range")
def _out_of_range(chance: random.Random) -> tuple[str, bytes]:
    index = chance.choice([b"999999", b"-1", b"18446744073709551616", b"x", b"", b"1.5"])
    return "liste.xlsx", with_sheet(b'<row><c r="A1" t="s"><v>%s</v></c></row>' % index)


@_family("too many sheets")
def _sheets(chance: random.Random) -> tuple[str, bytes]:
    count = chance.choice((201, 100_000))
    parts = parts_of(files.xlsx([["Nom"]]))
    if chance.random() < 0.5:
        book = parts["xl/workbook.xml"]
        one = book[book.index(b"<sheet ") : book.index(b"</sheets>")]
        parts["xl/workbook.xml"] = book.replace(one, one * count)
        return "liste.xlsx", archive(parts)
    tables = b'</table:table><table:table table:name="F">' * count
    return "liste.ods", ods_of(ODS_OPENING + tables + ODS_CLOSING)


@_family("values that are no values")
def _values(chance: random.Random) -> tuple[str, bytes]:
    kind = chance.choice([b"n", b"b", b"d", b"e", b"str", b"s", b"zz"])
    value = chance.choice(
        [
            b"1e400",
            b"-1e308",
            b"NaN",
            b"inf",
            b"99999999999999999999",
            b"2958466",
            b"-700000",
            b"",
            b"\xff",
            b"&#0;",
        ]
        + [b"&#x1f;a&#x1e;b&#x1d;c&#x1c;d", b"#N/A"]
    )
    style = chance.choice([b"0", b"1", b"99", b"-1"])
    return "liste.xlsx", with_sheet(
        b'<row><c r="A1" t="%s" s="%s"><v>%s</v></c></row>' % (kind, style, value)
    )


@_family("formulas and macros")
def _formulas(chance: random.Random) -> tuple[str, bytes]:
    formulas = [
        "=cmd|'/C calc'!A0",
        "=1/0",
        '=HYPERLINK("http://127.0.0.1:9/","x")',
        "=A1",
        "@SUM(1)",
        "+1",
        "-1",
    ]
    if chance.random() < 0.4:
        return "liste.csv", files.csv(["Nom", "Prénom"], [chance.choice(formulas), "Zoé"])
    buffer = BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True})
    sheet = book.add_worksheet()
    for row, formula in enumerate(chance.sample(formulas[:4], 3)):
        sheet.write_formula(row, 0, formula, None, chance.choice(["", "lu", 3, "#DIV/0!"]))
    book.close()
    parts = parts_of(buffer.getvalue())
    return "liste.xlsm", archive({**parts, "xl/vbaProject.bin": files.OLE + chance.randbytes(3_000)})


@_family("passwords")
def _passwords(chance: random.Random) -> tuple[str, bytes]:
    if chance.random() < 0.5:
        stream = "EncryptedPackage".encode("utf-16-le")
        return "liste.xlsx", files.OLE + bytes(chance.randrange(2_000)) + stream + chance.randbytes(500)
    manifest = b"<manifest:manifest><manifest:file-entry><manifest:encryption-data/></manifest:file-entry>"
    return "liste.ods", ods_of(chance.randbytes(500), **{"META-INF/manifest.xml": manifest})


@_family("archives that are no workbooks")
def _archives(chance: random.Random) -> tuple[str, bytes]:
    return "liste.zip", archive(
        chance.choice(
            [
                {"flux.xml": sound()["flux.xml"]},
                {"liste.csv": sound()["liste.csv"]},
                {"word/document.xml": b"<w/>", "[Content_Types].xml": b"<t/>"},
                {"xl/workbook.bin": b"\x83\x01\x00"},
                {"../../etc/passwd": b"x"},
                {"xl/workbook.xml": b"<workbook/>"},
                {"content.xml": b"<x/>"},
                {},
            ]
        )
    )


@_family("flows that break the schema")
def _schema(chance: random.Random) -> tuple[str, bytes]:
    lines = sound()["flux.xml"].split(b"\n")
    for _ in range(chance.randint(1, 3)):
        place = chance.randrange(1, len(lines))
        change = chance.choice(["drop", "double", "stuff", "empty"])
        if change == "drop":
            del lines[place]
        elif change == "double":
            lines.insert(place, lines[place])
        elif change == "stuff":
            lines[place] = lines[place].replace(b">", b">x<y/>", 1)
        else:
            lines[place] = lines[place].replace(b"2", b"", 4)
    return "flux.xml", b"\n".join(lines)


@_family("flows out of proportion")
def _deep_flow(chance: random.Random) -> tuple[str, bytes]:
    again = chance.choice([b"<a>", b"<a/>", b"x", b"<NOM>x</NOM>", b'<a b="%s"/>' % (b"c" * 9_000)])
    names = b"".join(b"<n%d/>" % number for number in range(chance.choice((0, 100_000))))
    where = chance.choice([b"<IdentificationFlux>", b"<Personne>", b"</IdentificationFlux>"])
    stuffed = where + names + again * (chance.choice((300, 3_000_000)) // len(again))
    return "flux.xml", sound()["flux.xml"].replace(where, stuffed, 1)
