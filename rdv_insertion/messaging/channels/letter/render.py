"""Letters as accessible PDF (PDF/UA-1), typeset by typst, with the recipient in the envelope's window."""

import json
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import Any, cast

import segno
import typst

from rdv_insertion.kernel.text import plural

_SOURCE = Path(__file__).with_name("letters.typ")
_LINE_IN_WINDOW, _LINES_IN_WINDOW = 38, 6
_QR_MASK = 3
# The alphabets of the font that comes with typst. A name in another one is rare, and PDF/UA allows no hole.
# Phonetic signs, between the two, and ancient ones, beyond, are letters too that the font does not have.
_FIRST_PHONETIC, _ACCENTED_AGAIN, _END = "\u1d00", "\u1e00", "\u2000"
_SCRIPTS = ("LATIN", "GREEK", "CYRILLIC")


def render_letters(letters: Sequence[dict[str, Any]]) -> bytes:
    """One PDF of all `letters`, each on pages of its own.

    A letter is a dict with `sender` and `recipient` (lists of lines), `place_and_date`, `subject`,
    `paragraphs` (list of texts), `signature` (list of lines), `typing_page` and, when the person may choose
    online, `link` and `code`.
    """
    data = [
        {**_printable(letter), "qr": _qr_svg(letter.get("link", "")), "long": _is_long(letter["recipient"])}
        for letter in letters
    ]
    run = {"title": _title(data), "author": _author(data), "letters": data}
    pdf = _compiler().compile(sys_inputs={"run": json.dumps(run)}, pdf_standards=["ua-1"])
    return cast(bytes, pdf)


def _title(letters: Sequence[dict[str, Any]]) -> str:
    """What the document is, for whoever has it read aloud."""
    if len(letters) == 1:
        return f"Courrier à {letters[0]['recipient'][0]} : {letters[0]['subject']}"
    return plural(len(letters), "courrier")


def _author(letters: Sequence[dict[str, Any]]) -> str:
    return str(letters[0]["sender"][0]) if letters else ""


def _is_long(lines: Sequence[str]) -> bool:
    """Whether this address needs smaller letters to stay whole in the window."""
    return sum(-(-len(line) // _LINE_IN_WINDOW) for line in lines) > _LINES_IN_WINDOW


@lru_cache(maxsize=1)
def _compiler() -> typst.Compiler:
    return typst.Compiler(_SOURCE, root=_SOURCE.parent)


def _qr_svg(link: str) -> str:
    if not link:
        return ""
    drawing = BytesIO()
    # Any of the eight masks can be read; trying them all to keep the prettiest takes most of a letter's time.
    segno.make_qr(link, error="m", mask=_QR_MASK).save(drawing, kind="svg", border=0, xmldecl=False)
    return drawing.getvalue().decode()


def _printable(value: Any) -> Any:
    """`value` with what the font cannot draw replaced, in all its texts."""
    if isinstance(value, str):
        return "".join(_drawable(character) for character in unicodedata.normalize("NFC", value))
    if isinstance(value, dict):
        return {name: _printable(part) for name, part in value.items()}
    return [_printable(part) for part in value] if isinstance(value, list) else value


def _drawable(character: str) -> str:
    """The character itself, nothing for an invisible one, or `?`."""
    if character.isascii():
        return character if character.isprintable() or character == "\n" else " "
    kind = unicodedata.category(character)
    if kind in ("Cf", "Cc", "Cs", "Co", "Cn", "Mn"):
        return ""
    if kind.startswith("L"):
        written = character < _FIRST_PHONETIC or _ACCENTED_AGAIN <= character < _END
        return character if written and unicodedata.name(character, "").startswith(_SCRIPTS) else "?"
    return character if character in "\u00a0\u202f«»“”‘’–—…°€ªº·×½¼²³§£•‐‑" else "?"
