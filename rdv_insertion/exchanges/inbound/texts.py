"""What the person wrote, without the mail that they answer."""

import re

from lxml import etree
from lxml import html as lxml_html

from rdv_insertion.kernel.text import without_unseen

LONGEST = 10_000
_LARGEST_HTML = 500_000
# What begins the mail answered, in the programs that people use. All that follows is quoted.
_QUOTE_BEGINS = (
    re.compile(r"^-{2,}\s*(Message d'origine|Message original|Original Message|Message transféré)", re.I),
    re.compile(r"^(Le|On|El|Em|Am)\b.{5,200}\b(a écrit|wrote|escribió|escreveu|schrieb)\s*:$", re.I),
    re.compile(r"^_{10,}$"),
    re.compile(r"^[*\s]*(De|From)[*\s]*:[^@]*@", re.I),
)
_ATTRIBUTION_IN_TWO_LINES = re.compile(r"^(Le|On)\b.{5,150}[^:]$", re.I)
_ATTRIBUTION_ENDS = re.compile(r"^.{0,150}\b(a écrit|wrote)\s*:$", re.I)
# Signatures that phones add by themselves.
_SENT_FROM = re.compile(
    r"^(Envoyé (de|depuis|à partir de) |Sent from my |Télécharger Outlook|Get Outlook for)", re.I
)
_SIGNATURE = re.compile(r"^-- ?$")
_BLOCKS = {
    *("address", "article", "blockquote", "div", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "li", "ol", "p"),
    *("pre", "section", "table", "tr", "ul"),
}
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_NEVER_SHOWN = ("script", "style", "head", "title", "template", "noscript")
# The mail answered, as the common programs mark it.
_QUOTED = (
    "//blockquote"
    " | //*[contains(concat(' ', @class, ' '), ' gmail_quote ')]"
    " | //*[contains(concat(' ', @class, ' '), ' moz-cite-prefix ')]"
    " | //*[contains(concat(' ', @class, ' '), ' yahoo_quoted ')]"
    " | //*[@id='divRplyFwdMsg' or @id='appendonsend']"
    " | //*[@id='divRplyFwdMsg']/following-sibling::*"
)


def written_by_the_person(*, extracted: str, plain: str, html: str) -> str:
    """The answer alone, at most 10 000 characters: what the provider extracted, else the text, else the HTML.

    When nothing is left once the mail answered is taken out, all that is not marked as quoted line by line:
    better too much than a word of the person lost. Empty when there is nothing of that either.
    """
    texts = [extracted, plain, text_of_html(html) if not plain.strip() else ""]
    for text in texts:
        if answer := without_quotes(text):
            return answer
    return next((kept for text in texts if (kept := _cut(_own_lines(_lines(text))))), "")


def without_quotes(text: str) -> str:
    """`text` up to the mail that it answers, without quoted lines nor the signatures of phones.

    What follows a quote whose every line is marked (`> …`) is the person's again.
    """
    lines = _lines(text)
    kept: list[str] = []
    number = 0
    while number < len(lines):
        announced = _length_of_announcement(lines[number : number + 2])
        if announced and _next_is_marked(lines[number + announced :]):
            number += announced
            continue
        if announced or _SIGNATURE.match(lines[number]):
            break
        kept.append(lines[number])
        number += 1
    return _cut(_own_lines(kept))


def _lines(text: str) -> list[str]:
    return [without_unseen(line).rstrip() for line in text[: 10 * LONGEST].splitlines()]


def _own_lines(lines: list[str]) -> list[str]:
    bare = ((line, line.strip()) for line in lines)
    return [line for line, start in bare if not start.startswith(">") and not _SENT_FROM.match(start)]


def _cut(lines: list[str]) -> str:
    answer = re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
    return answer if len(answer) <= LONGEST else f"{answer[:LONGEST].rstrip()}…"


def _length_of_announcement(lines: list[str]) -> int:
    """How many of these one or two lines say that the mail answered follows; 0 when they do not."""
    first, *others = (line.strip() for line in lines)
    if any(pattern.match(first) for pattern in _QUOTE_BEGINS):
        return 1
    in_two = others and _ATTRIBUTION_IN_TWO_LINES.match(first) and _ATTRIBUTION_ENDS.match(others[0])
    return 2 if in_two else 0


def _next_is_marked(lines: list[str]) -> bool:
    return next((line.strip().startswith(">") for line in lines[:3] if line.strip()), False)


def text_of_html(html: str) -> str:
    """The text that an HTML mail shows, a line a block, without what it quotes; empty if unreadable."""
    html = _CONTROLS.sub(" ", html[:_LARGEST_HTML])
    if not html.strip():
        return ""
    parser = lxml_html.HTMLParser(encoding="utf-8", no_network=True, remove_comments=True, remove_pis=True)
    try:
        root = lxml_html.document_fromstring(html.encode(errors="replace"), parser=parser)
        shown = _shown(root)
    except (etree.LxmlError, ValueError, AssertionError):
        return ""
    lines = (" ".join(line.split()) for line in shown.splitlines())
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def _shown(root: lxml_html.HtmlElement) -> str:
    """The text of `root` without what is quoted or hidden, with line breaks where the page shows some."""
    for element in root.xpath(_QUOTED):
        if element.getparent() is not None:
            element.drop_tree()
    etree.strip_elements(root, *_NEVER_SHOWN, with_tail=False)
    parts: list[str] = []
    for event, element in etree.iterwalk(root, events=("start", "end")):
        breaks = element.tag == "br" or element.tag in _BLOCKS
        if event == "start":
            parts += ["\n" if element.tag in _BLOCKS else "", element.text or ""]
        else:
            parts += ["\n" if breaks else "", (element.tail or "") if element is not root else ""]
    return "".join(parts)
