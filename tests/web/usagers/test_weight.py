"""What an old phone waits for: a part of the design system, all that the pages need of it, and no script."""

import re
from gzip import decompress
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.test import Client

from rdv_insertion.web import usagers

_WEB = Path(usagers.__file__).parent.parent
_READ_BY_PEOPLE = (
    *(_WEB / "templates/usagers").rglob("*.html"),
    *(_WEB / "templates" / name for name in ("400.html", "403_csrf.html", "500.html")),
    _WEB / "templates/public/too_many_attempts.html",
    *_WEB.glob("usagers/*.py"),
)
# `data-fr-…`, not classes.
_ATTRIBUTES = {"fr-scheme", "fr-steps", "fr-current-step"}


def _stylesheets(client: Client, address: str) -> list[str]:
    html = client.get(address).content.decode()
    assert "<script" not in html
    files = [finders.find(name) for name in re.findall(r'rel="stylesheet"\s+href="/static/([^"]+)"', html)]
    return [Path(str(file)).read_text(encoding="utf-8") for file in files]


@pytest.mark.django_db
def test_the_pages_load_every_part_of_the_design_system_that_they_use(client):
    loaded = set(re.findall(r"\.(fr-[\w-]+)", "".join(_stylesheets(client, "/invitation"))))
    used = {
        name
        for file in _READ_BY_PEOPLE
        for name in re.findall(r"\bfr-[a-z][\w-]*[a-z0-9]\b", file.read_text(encoding="utf-8"))
    }
    assert {"fr-btn", "fr-icon-phone-fill"} < used
    assert used - loaded - _ATTRIBUTES == set()


@pytest.mark.django_db
def test_the_styles_weigh_less_than_a_quarter_of_the_whole(client):
    whole = sum(map(len, _stylesheets(client, "/")))
    assert sum(map(len, _stylesheets(client, "/invitation"))) < 280_000 < whole / 4


def test_the_pages_travel_compressed(client, invitation):
    address = f"/r/{invitation.code}/lieux"
    plain = client.get(address, follow=True).content
    sent = client.get(address, follow=True, headers={"accept-encoding": "gzip"})
    assert sent["Content-Encoding"] == "gzip"
    assert len(sent.content) < len(plain) / 2
    assert b"Centre m\xc3\xa9dico-social de Valence" in decompress(sent.content)
