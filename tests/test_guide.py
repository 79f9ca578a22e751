"""The agents' guide: its links lead somewhere, its pictures are light, it knows each failure."""

import re
from pathlib import Path
from urllib.parse import unquote

import pytest

from rdv_insertion.invitations.enums import Refusal
from rdv_insertion.messaging import outcomes

DOCS = Path(__file__).resolve().parent.parent / "docs"
PAGES = sorted(DOCS.glob("guide/*.md"))
LARGEST_PICTURE = 150_000
_LINK = re.compile(r"(!?)\[([^\]]*)\]\(([^)\s]+)\)")


def anchors(page: Path) -> set[str]:
    """The anchors of the titles of `page`, as code hosts write them."""
    titles = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def links(page: Path) -> list[tuple[bool, str, str]]:
    """Whether it is a picture, its text, its address; those of other sites left out."""
    found = _LINK.findall(page.read_text())
    return [(bool(picture), text, unquote(to)) for picture, text, to in found if "://" not in to]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_each_link_leads_somewhere(page: Path) -> None:
    for _, _, to in links(page):
        path, _, anchor = to.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), to
        if anchor:
            assert anchor in anchors(target), to


def test_each_picture_is_said_in_words_light_and_shown() -> None:
    shown = set()
    for page in (*PAGES, DOCS.parent / "README.md"):
        for is_picture, text, to in links(page):
            if is_picture:
                assert len(text) > 10, to
                shown.add((page.parent / to).resolve())
    kept = {*DOCS.glob("guide/*/*.png"), *DOCS.glob("images/*.png")}
    assert shown == kept
    assert {path.name: size for path in kept if (size := path.stat().st_size) > LARGEST_PICTURE} == {}


@pytest.mark.parametrize("sentence", sorted(outcomes._BY_SENTENCE))
def test_the_guide_says_what_to_do_with_each_failure(sentence: str) -> None:
    assert f"| {sentence}" in (DOCS / "guide" / "messages.md").read_text()


@pytest.mark.parametrize("refusal", Refusal)
def test_the_guide_says_what_to_do_with_each_refusal(refusal: Refusal) -> None:
    sentence = re.split(r" : |\.$", refusal.label)[0]
    assert f"| {sentence}" in (DOCS / "guide" / "inviter.md").read_text()
