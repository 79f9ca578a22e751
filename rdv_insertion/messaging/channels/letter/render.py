"""Letters as accessible PDF (PDF/UA-1), typeset by typst, with the recipient in the envelope's window."""

import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import Any, cast

import segno
import typst
from django.conf import settings

from rdv_insertion.kernel.languages import IN_FRENCH
from rdv_insertion.kernel.text import plural
from rdv_insertion.messaging.channels.letter.drawable import drawable
from rdv_insertion.messaging.channels.letter.frame import LINE_IN_WINDOW, LINES_IN_WINDOW
from rdv_insertion.messaging.models import Picture

_SOURCE = Path(__file__).with_name("letters.typ")
_LATIN, _ARABIC = "Libertinus Serif", "Noto Naskh Arabic"
_QR_MASK = 3
# What stands at the left of the window, in lines of that size: beyond, it is written smaller.
_LINE_OF_SENDER, _LINES_OF_SENDER = 45, 9
_LINES_OF_LOGOS = 3


def render_letters(
    letters: Sequence[Mapping[str, Any]], pictures: Mapping[str, Picture] | None = None
) -> bytes:
    """One PDF of all `letters`, each on pages of its own, followed by its translation when it has one.

    A letter is what `LetterFrame.to_json` gives, with `subject` and `paragraphs` (list of texts); what it
    does not have is not shown. `pictures`, by digest, are those that the letters name; one that is missing
    leaves no hole.
    """
    fonts = letter_fonts()
    data = [_data(letter, arabic=_ARABIC in fonts) for letter in letters]
    run = {
        "title": _title(data),
        "author": _author(data),
        "letters": data,
        "fonts": fonts,
        "pictures": {digest: _picture(picture) for digest, picture in (pictures or {}).items()},
    }
    return typeset(_SOURCE, run)


def typeset(source: Path, data: Mapping[str, Any]) -> bytes:
    """The PDF/UA-1 that the typst file `source` makes of `data`, which it reads as `sys.inputs.run`."""
    pdf = _compiler(source).compile(sys_inputs={"run": json.dumps(data)}, pdf_standards=["ua-1"])
    return cast(bytes, pdf)


def letter_fonts() -> list[str]:
    """The families to write with, the first that has a letter draws it."""
    return [family for family in (_LATIN, _ARABIC) if family in _fonts().families()]


def printable(value: Any) -> Any:
    """`value` with what these fonts cannot draw replaced, in all its texts."""
    return drawable(value, arabic=_ARABIC in letter_fonts())


def _data(letter: Mapping[str, Any], *, arabic: bool) -> dict[str, Any]:
    """What letters.typ reads: every name present, every text drawable."""
    content: dict[str, Any] = drawable(dict(letter), arabic=arabic)
    translation = content.get("translation")
    return {
        "sender": content["sender"],
        "recipient": content["recipient"],
        "place_and_date": content["place_and_date"],
        "subject": content["subject"],
        "paragraphs": [paragraph.split("\n") for paragraph in content["paragraphs"]],
        "signature": content["signature"],
        "signature_digest": content.get("signature_digest", ""),
        "logos": content.get("logos", []),
        "references": _references(content),
        "help_address": content.get("help_address", ""),
        "code": content.get("code", ""),
        "typing_page": content.get("typing_page", ""),
        "qr": _qr_svg(letter.get("link", "")),
        "long": _lines(content["recipient"], LINE_IN_WINDOW) > LINES_IN_WINDOW,
        "long_sender": _is_long_sender(content),
        "translation": _translation(translation) if translation else None,
    }


def _translation(translation: Mapping[str, Any]) -> dict[str, Any]:
    paragraphs = [paragraph.split("\n") for paragraph in translation["paragraphs"]]
    name = IN_FRENCH.get(translation["language"], translation["language"])
    return {**translation, "paragraphs": paragraphs, "name": name}


def _references(content: Mapping[str, Any]) -> list[str]:
    number, referents = content.get("affiliation_number", ""), content.get("referents", [])
    lines = [f"Votre numéro CAF ou MSA : {number}"] if number else []
    if referents:
        who = "Votre référent" if len(referents) == 1 else "Vos référents"
        lines.append(f"{who} : {', '.join(referents)}")
    return lines


def _title(letters: Sequence[Mapping[str, Any]]) -> str:
    """What the document is, for whoever has it read aloud."""
    if len(letters) == 1:
        return f"Courrier à {letters[0]['recipient'][0]} : {letters[0]['subject']}"
    return plural(len(letters), "courrier")


def _author(letters: Sequence[Mapping[str, Any]]) -> str:
    return str(letters[0]["sender"][0]) if letters else ""


def _is_long_sender(content: Mapping[str, Any]) -> bool:
    taken = _LINES_OF_LOGOS if content.get("logos") else 0
    return taken + _lines(content["sender"], _LINE_OF_SENDER) > _LINES_OF_SENDER


def _lines(lines: Sequence[str], longest: int) -> int:
    """How many lines of at most `longest` characters these take."""
    return sum(-(-len(line) // longest) for line in lines)


def _picture(picture: Picture) -> dict[str, Any]:
    return {
        "content": list(bytes(picture.content)),
        "format": {"image/png": "png", "image/jpeg": "jpg"}[picture.media_type],
    }


@lru_cache(maxsize=1)
def _fonts() -> typst.Fonts:
    """The fonts that come with typst, and ours: never those of the machine, so that all print the same."""
    folder = Path(settings.LETTER_FONTS)
    return typst.Fonts(include_system_fonts=False, font_paths=[str(folder)] if folder.is_dir() else [])


@lru_cache(maxsize=4)
def _compiler(source: Path) -> typst.Compiler:
    return typst.Compiler(source, root=source.parent, font_paths=_fonts())


def _qr_svg(link: str) -> str:
    if not link:
        return ""
    drawing = BytesIO()
    # Any of the eight masks can be read; trying them all to keep the prettiest takes most of a letter's time.
    segno.make_qr(link, error="m", mask=_QR_MASK).save(drawing, kind="svg", border=0, xmldecl=False)
    return drawing.getvalue().decode()
