"""An icon that the design system does not have is drawn as a black square."""

import re
from pathlib import Path

import dsfr

ROOT = Path(__file__).resolve().parents[2]
ICONS = Path(dsfr.__file__).parent / "static" / "dsfr" / "dist" / "icons"
_USED = re.compile(r"fr-icon-([a-z0-9][a-z0-9-]*)")


def used() -> set[str]:
    """The icons that templates and pages name."""
    files = [path for folder in ("rdv_insertion", "demo") for path in (ROOT / folder).rglob("*")]
    texts = [path.read_text() for path in files if path.suffix in (".html", ".py")]
    return {name for text in texts for name in _USED.findall(text)}


def test_every_icon_of_the_pages_exists():
    drawn = {path.stem.removeprefix("fr--") for path in ICONS.rglob("*.svg")}
    assert used()
    assert used() - drawn == set()
