"""The whole path in Arabic, from right to left, on a phone of 320 px without JavaScript, then French."""

import pytest
from playwright.sync_api import Page, expect

from rdv_insertion.usagers.models import Usager
from tests.e2e.person import check_page
from tests.e2e.test_person_path import Scene


@pytest.fixture
def scene(transactional_db):
    return Scene()


@pytest.fixture
def assert_good(assert_accessible, assert_fits):
    """As in French: axe finds nothing, nothing overflows, targets are big, no script."""

    def check(page: Page) -> None:
        assert_fits(page)
        assert_accessible(page)
        check_page(page)

    return check


def _goes_from_right_to_left(page: Page) -> None:
    root = page.locator("html")
    expect(root).to_have_attribute("lang", "ar")
    expect(root).to_have_attribute("dir", "rtl")


def test_a_person_chooses_arabic_books_and_reads_the_rdv_in_french(scene, new_page, assert_good):
    page = new_page(width=320, javascript=False)
    page.goto(f"/r/{scene.invitation().code}")
    page.locator(".person-languages summary").press("Enter")
    expect(page.get_by_role("button", name="Français")).to_have_attribute("aria-current", "true")
    assert_good(page)

    page.get_by_role("button", name="العربية").click()
    _goes_from_right_to_left(page)
    assert Usager.objects.get().language == "ar"
    expect(page.get_by_role("link", name="اختيار الوقت")).to_be_in_viewport(ratio=1)
    assert_good(page)
    page.get_by_role("link", name="اختيار الوقت").click()
    assert_good(page)
    page.get_by_role("link", name="Centre médico-social de Valence").click()
    _goes_from_right_to_left(page)
    assert_good(page)
    page.locator(".slot-list a").first.click()
    assert_good(page)
    page.get_by_role("button", name="تأكيد هذا الموعد").click()
    expect(page.get_by_role("heading", name="تم تأكيد موعدكم")).to_be_visible()
    _goes_from_right_to_left(page)
    assert_good(page)

    page.get_by_role("link", name="Lire cette page en français").click()
    expect(page.get_by_role("heading", name="Votre rendez-vous est confirmé")).to_be_visible()
    expect(page.locator("html")).to_have_attribute("dir", "ltr")
    assert_good(page)


def test_an_error_is_told_in_arabic_beside_its_field(scene, new_page, assert_good):
    page = new_page(width=320, javascript=False)
    page.goto("/invitation")
    page.locator(".person-languages summary").click()
    page.get_by_role("button", name="العربية").click()
    page.get_by_label("رمزكم").fill("O1")
    page.get_by_role("button", name="متابعة").click()
    expect(page.get_by_text("لا يحتوي الرمز أبدًا")).to_be_visible()
    _goes_from_right_to_left(page)
    assert_good(page)
