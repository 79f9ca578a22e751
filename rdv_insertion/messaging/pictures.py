"""Logos and signatures: read, checked and kept once by content."""

import struct
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

import typst

from rdv_insertion.messaging.models import Picture

MOST_BYTES = 2 * 1024 * 1024
# Beyond, a letter would weigh too much and nobody would see the difference on paper.
MOST_PIXELS_A_SIDE = 4_000
_PNG, _JPEG = b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff"
# Its length, its name, its checksum.
_AROUND_A_PART = 12
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_DAMAGED = "Cette image est abîmée. Enregistrez-la de nouveau en PNG ou en JPEG."
_ALONE = frozenset({0x01, *range(0xD0, 0xD8)})


class InvalidPicture(ValueError):
    """The file is no picture that a letter can show. Its message is a French sentence."""


def read_picture(content: bytes) -> Picture:
    """The picture in `content`, not saved. Raises InvalidPicture.

    Its kind is read in its content, whatever its name; it is then drawn once as a letter would draw it, so
    that a damaged file is refused here and not on the day when letters are printed. Of a PNG, only what is
    drawn is kept.
    """
    if len(content) > MOST_BYTES:
        raise InvalidPicture("Cette image dépasse 2 Mo. Réduisez-la, puis recommencez.")
    media_type, (width, height) = _kind_and_size(content)
    if not (0 < width <= MOST_PIXELS_A_SIDE and 0 < height <= MOST_PIXELS_A_SIDE):
        raise InvalidPicture(
            f"Cette image est trop grande : {MOST_PIXELS_A_SIDE} pixels de côté au plus. Réduisez-la."
        )
    if media_type == "image/png":
        content = _drawn_alone(content)
    _draw(content, media_type.removeprefix("image/"))
    return Picture(digest=sha256(content).hexdigest(), media_type=media_type, content=content)


def keep_picture(content: bytes) -> Picture:
    """Read `content` and keep it, unless it is kept already. Raises InvalidPicture."""
    picture = read_picture(content)
    Picture.objects.bulk_create([picture], ignore_conflicts=True)
    return picture


def is_kept(digest: str) -> bool:
    """Whether a picture is still there. One query."""
    return Picture.objects.filter(pk=digest).exists()


def _kind_and_size(content: bytes) -> tuple[str, tuple[int, int]]:
    try:
        if content.startswith(_PNG) and content[12:16] == b"IHDR":
            return "image/png", struct.unpack(">II", content[16:24])
        if content.startswith(_JPEG):
            return "image/jpeg", _jpeg_size(content)
    except (struct.error, IndexError) as error:
        raise InvalidPicture(_DAMAGED) from error
    raise InvalidPicture("Ce fichier n'est pas une image PNG ou JPEG.")


def _drawn_alone(png: bytes) -> bytes:
    """A PNG without its optional parts, but for transparency: a profile of colours of 2 Mo may unfold to
    gigabytes, and notes say who made the picture. The names of optional parts begin in lower case."""
    kept, place, kind = [_PNG], len(_PNG), b""
    while kind != b"IEND":
        try:
            length, kind = struct.unpack(">I4s", png[place : place + 8])
        except struct.error as error:
            raise InvalidPicture(_DAMAGED) from error
        end = place + length + _AROUND_A_PART
        if kind[:1].isupper() or kind == b"tRNS":
            kept.append(png[place:end])
        place = end
    return b"".join(kept)


def _jpeg_size(content: bytes) -> tuple[int, int]:
    """Width and height, in the first frame of a JPEG. Raises IndexError or struct.error when it is cut."""
    place = 2
    while True:
        if content[place] != 0xFF:
            raise IndexError
        marker = content[place + 1]
        if marker in _FRAMES:
            height, width = struct.unpack(">HH", content[place + 5 : place + 9])
            return width, height
        if marker == 0xFF or marker in _ALONE:
            place += 1 if marker == 0xFF else 2
        else:
            place += 2 + struct.unpack(">H", content[place + 2 : place + 4])[0]


def _draw(content: bytes, kind: str) -> None:
    source = f'#set page(width: 2cm, height: 2cm, margin: 0cm)\n#image("picture.{kind}", alt: "")'
    with TemporaryDirectory() as folder:
        page = Path(folder) / "page.typ"
        page.write_text(source, encoding="utf-8")
        (Path(folder) / f"picture.{kind}").write_bytes(content)
        try:
            typst.compile(page, root=Path(folder), format="png", ppi=36)
        except (typst.TypstError, RuntimeError) as error:
            raise InvalidPicture(_DAMAGED) from error
