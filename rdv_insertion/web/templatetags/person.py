"""What only the person's pages need: their language, and values that stay whole in it."""

import re
from typing import Any

from django import template
from django.http import HttpRequest
from django.template.context import Context
from django.utils.html import format_html
from django.utils.safestring import SafeString

from rdv_insertion.kernel import phone
from rdv_insertion.kernel.languages import Language, active, direction
from rdv_insertion.web.usagers import languages
from rdv_insertion.web.usagers.wording import as_typed

register = template.Library()

_GLIMPSES = {"ltr": (Language.EN, Language.AR), "rtl": (Language.FR, Language.EN)}
_TOGETHER = re.compile(r"\d{1,2} h(?: \d{2})?\b|\d{4} р\.")


@register.filter
def unbroken(text: str) -> str:
    """`à 9 h 30` whose time stays on one line on a narrow screen, as does a year in Ukrainian, `2026 р.`."""
    return _TOGETHER.sub(lambda found: found.group(0).replace(" ", "\N{NO-BREAK SPACE}"), text)


@register.filter
def typed(text: str) -> str:
    """What somebody typed in French, marked as such on a page in another language."""
    return as_typed(text)


@register.filter
def called(number: str) -> str:
    """`04 75 00 00 00` from E.164, in that order where one reads from right to left too."""
    shown = phone.display(number)
    return format_html('<bdi dir="ltr">{}</bdi>', shown) if direction(active()) == "rtl" else shown


@register.simple_tag
def in_french() -> SafeString:
    """The attributes of an element that holds French words on a page in another language; else nothing."""
    return format_html("{}", "") if active() == Language.FR else format_html(' lang="{}" dir="ltr"', "fr")


@register.simple_tag(takes_context=True)
def read_by_people(context: Context) -> bool:
    """Whether the page answers somebody invited; an address that leads nowhere is a link cut short."""
    match = context["request"].resolver_match
    return match is None or languages.is_for_people(match)


@register.inclusion_tag("usagers/parts/languages.html", takes_context=True)
def language_choice(context: Context) -> dict[str, Any]:
    """The languages to choose from, on the pages that people read, and the way to French."""
    request: HttpRequest = context["request"]
    current = active()
    others = [(one.value, one.label, direction(one)) for one in Language if one != current]
    return {
        "shown": read_by_people(context),
        "current": (current, Language(current).label, direction(current)),
        "others": others,
        # So that whoever does not read this alphabet sees what the menu is.
        "glimpse": [one for one in others if one[0] in _GLIMPSES[direction(current)]],
        "this_page": languages.this_page(request),
        "in_french": "" if current == Language.FR else languages.this_page_in_french(request),
        "csrf_token": context.get("csrf_token"),
    }
