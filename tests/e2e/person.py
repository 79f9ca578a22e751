"""What every page of the person's path owes, beside axe and the width of the screen."""

from playwright.sync_api import Page, expect

_TARGETS = (
    ".fr-btn, .person-card, .person-weeks__link, .person-halves__link, .person-help a, .fr-input, "
    ".person-languages summary, .person-languages[open] button, .person-french a"
)
_SMALL = """targets => targets.filter(target => target.getBoundingClientRect().height < 44)
    .map(target => target.outerHTML)"""


def check_page(page: Page) -> None:
    """One heading, no script nor style of its own, and nothing that a thumb would miss."""
    assert page.locator("script, [style], [onclick]").count() == 0
    expect(page.locator("h1")).to_have_count(1)
    assert page.locator(_TARGETS).evaluate_all(_SMALL) == []
