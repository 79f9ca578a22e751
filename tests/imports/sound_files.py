"""Sound files, and the parts that damaged ones are made of: archives, sheets, blanks without end."""

import zipfile
import zlib
from functools import cache
from io import BytesIO

from tests.imports import files

ODS_OPENING = b"""<?xml version="1.0"?><office:document-content
 xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"
 xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"
 xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"><office:body><office:spreadsheet>
 <table:table table:name="Liste">"""
ODS_CLOSING = b"</table:table></office:spreadsheet></office:body></office:document-content>"


@cache
def sound() -> dict[str, bytes]:
    """One file of each kind that is read, by name."""
    return {
        "liste.xlsx": undated(files.drome()),
        "liste.xls": files.XLS,
        "liste.ods": ods([["Nom", "Prénom", "NIR"], *[[f"Nom{n}", "Zoé", f"{n:013}"] for n in range(30)]]),
        "liste.csv": files.people(40),
        "contacts.csv": files.contacts(encoding="cp1252", separator=";", end="\r\n"),
        "flux.xml": files.flow(*[files.flow_household(files.flow_person(), files.flow_person())] * 5),
    }


def ods(rows: list[list[str]]) -> bytes:
    """An OpenDocument sheet of texts."""
    cells = b"".join(
        b"<table:table-row>%s</table:table-row>"
        % b"".join(
            b'<table:table-cell office:value-type="string"><text:p>%s</text:p></table:table-cell>'
            % cell.encode()
            for cell in row
        )
        for row in rows
    )
    return ods_of(ODS_OPENING + cells + ODS_CLOSING)


def ods_of(content: bytes, **parts: bytes) -> bytes:
    manifest = b'<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>'
    return archive(
        {
            "mimetype": b"application/vnd.oasis.opendocument.spreadsheet",
            "content.xml": content,
            "META-INF/manifest.xml": manifest,
            **parts,
        }
    )


def archive(parts: dict[str, bytes]) -> bytes:
    """A ZIP of these parts."""
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as zipped:
        for name, data in parts.items():
            zipped.writestr(_entry(name), data)
    return buffer.getvalue()


def _entry(name: str) -> zipfile.ZipInfo:
    """An entry without the hour, so that the same archive is made twice."""
    entry = zipfile.ZipInfo(name)
    entry.compress_type = zipfile.ZIP_DEFLATED
    return entry


def parts_of(content: bytes) -> dict[str, bytes]:
    """The parts of an archive; that which says when it was made is blank."""
    with zipfile.ZipFile(BytesIO(content)) as zipped:
        parts = {part.filename: zipped.read(part) for part in zipped.infolist()}
    return parts | ({"docProps/core.xml": b""} if "docProps/core.xml" in parts else {})


def undated(workbook: bytes) -> bytes:
    return archive(parts_of(workbook))


def with_sheet(sheet: bytes, **others: bytes) -> bytes:
    """A workbook whose first sheet has these rows, as no software writes them."""
    head = b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
    parts = parts_of(files.xlsx([["Nom"], ["A"]]))
    parts["xl/worksheets/sheet1.xml"] = head + sheet + b"</sheetData></worksheet>"
    return archive({**parts, **others})


@cache
def zeros() -> bytes:
    return archive({"0": bytes(50 * 1024 * 1024)})


@cache
def deflated(size: int) -> bytes:
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
    return deflate.compress(bytes(size)) + deflate.flush()


@cache
def _spaces(size: int) -> bytes:
    return b" " * size


def stored_part(parts: dict[str, bytes], name: str, size: int) -> bytes:
    """An archive with a part that unpacks to `size` blanks."""
    return _bomb(tuple(sorted(parts.items())), name, size)


@cache
def _bomb(parts: tuple[tuple[str, bytes], ...], name: str, size: int) -> bytes:
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as zipped:
        for each, data in parts:
            if each != name:
                zipped.writestr(_entry(each), data)
        with zipped.open(_entry(name), "w") as part:
            for _ in range(size // 1024**2):
                part.write(_spaces(1024**2))
    return buffer.getvalue()
