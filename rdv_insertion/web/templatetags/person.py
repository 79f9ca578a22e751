"""What only the person's pages need."""

import re

from django import template

register = template.Library()

_CLOCK = re.compile(r"(\d{1,2}) h(?: (\d{2}))?\b")


@register.filter
def unbroken(text: str) -> str:
    """`à 9 h 30` whose time stays on one line on a narrow screen."""
    return _CLOCK.sub(lambda found: found.group(0).replace(" ", "\N{NO-BREAK SPACE}"), text)
