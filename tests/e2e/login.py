"""The login page, as an agent goes through it."""

from playwright.sync_api import Page, expect


def log_in(page: Page, email: str = "bob@drome.test") -> None:
    """Type the address and the password of a persona, and wait for the list of people."""
    page.goto("/connexion/")
    page.get_by_label("Adresse mail professionnelle").fill(email)
    page.get_by_label("Mot de passe").fill("demo")
    page.get_by_role("button", name="Se connecter").click()
    expect(page.get_by_role("heading", name="Usagers")).to_be_visible()
