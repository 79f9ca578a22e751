"""Production refuses to start rather than to start wrong: each case is a process of its own."""

import base64
import os
import subprocess
import sys

import pytest

GOOD = {
    "SECRET_KEY": "s" * 50,
    "BLIND_INDEX_KEY": "b" * 50,
    "ENCRYPTION_KEYS": "2026:" + base64.b64encode(bytes(range(32))).decode(),
    "DATABASE_URL": "postgresql://rdv@localhost/rdv",
    "PUBLIC_URL": "https://rdv.example.fr/",
    "ALLOWED_HOSTS": "rdv.example.fr",
    "EMAIL_URL": "smtp://user:secret@smtp.example.fr:587/?tls=True",
    "DEFAULT_FROM_EMAIL": "rdv@example.fr",
    "SMS_API_KEY": "k" * 20,
}
DEMO_KEY = "demo:ZGVtby1rZXktZm9yLW1hZGUtdXAtcGVvcGxlLW9ubHk="


def _start(**changes: str | None) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in {**GOOD, **changes}.items() if value is not None}
    return subprocess.run(
        [
            sys.executable,
            "-c",
            "import config.settings.production as s; print(s.PUBLIC_URL, s.DEMO_MODE, s.DEBUG)",
        ],
        env={"PATH": os.environ["PATH"], "HOME": "/tmp", **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_production_starts_with_all_its_variables() -> None:
    started = _start()
    assert started.returncode == 0, started.stderr
    assert started.stdout.split() == ["https://rdv.example.fr", "False", "False"]


@pytest.mark.parametrize("name", sorted(GOOD))
def test_production_does_not_start_without_a_variable_and_names_it(name: str) -> None:
    started = _start(**{name: None})
    assert started.returncode != 0
    assert name in started.stderr


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SECRET_KEY", "demo-secret-key-for-made-up-people-only"),
        ("SECRET_KEY", "short"),
        ("CALLBACK_SECRET", "base64/with+signs/" * 3),
        ("BLIND_INDEX_KEY", "demo-blind-index-key"),
        ("ENCRYPTION_KEYS", DEMO_KEY),
        ("ENCRYPTION_KEYS", "2026:" + base64.b64encode(b"short").decode()),
        ("ENCRYPTION_KEYS", "2026:not base64"),
        ("ENCRYPTION_KEYS", ""),
        ("ENCRYPTION_KEYS", f"{GOOD['ENCRYPTION_KEYS']},{DEMO_KEY}"),
    ],
)
def test_production_does_not_start_with_a_secret_that_anyone_can_read_or_guess(name: str, value: str) -> None:
    started = _start(**{name: value})
    assert started.returncode != 0
    assert name in started.stderr
