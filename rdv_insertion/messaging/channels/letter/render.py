"""Letters as accessible PDF (PDF/UA-1), typeset by typst, with the recipient in the envelope's window."""

import json
from collections.abc import Sequence
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import Any

import segno
import typst

_SOURCE = Path(__file__).with_name("letters.typ")


def render_letters(letters: Sequence[dict[str, Any]]) -> bytes:
    """One PDF of all `letters`, each on pages of its own.

    A letter is a dict with `sender` and `recipient` (lists of lines), `place_and_date`, `subject`,
    `paragraphs` (list of texts), and, when the person may choose online, `link` and `code`.
    """
    data = [{**letter, "qr": _qr_svg(letter["link"]) if letter.get("link") else ""} for letter in letters]
    return _compiler().compile(sys_inputs={"letters": json.dumps(data)}, pdf_standards=["ua-1"])


@lru_cache(maxsize=1)
def _compiler() -> typst.Compiler:
    return typst.Compiler(_SOURCE, root=_SOURCE.parent)


def _qr_svg(link: str) -> str:
    drawing = BytesIO()
    segno.make(link, error="m").save(drawing, kind="svg", border=0, xmldecl=False)
    return drawing.getvalue().decode()
