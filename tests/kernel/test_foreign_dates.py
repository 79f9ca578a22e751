"""Dates follow the language of the reader, and are French for everybody else."""

from datetime import UTC, date, datetime

import pytest
from django.utils import translation

from rdv_insertion.kernel import dates
from rdv_insertion.kernel.languages import Language

MOMENT = datetime(2026, 3, 3, 8, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("fr", "mardi 3 mars 2026 à 9 h 30"),
        ("en", "Tuesday, 3 March 2026 at 09:30"),
        ("es", "martes, 3 de marzo de 2026 a las 09:30"),
        ("pt", "terça-feira, 3 de março de 2026 às 09:30"),
        ("ar", "الثلاثاء، 3 مارس 2026، 09:30"),
        ("uk", "вівторок, 3 березня 2026 р., 09:30"),
        ("tr", "3 Mart 2026 Salı, saat 09:30"),
        ("ro", "marți, 3 martie 2026 la 09:30"),
        ("fa", "سه‌شنبه 3 مارس 2026، 09:30"),
    ],
)
def test_a_moment_is_written_in_full_in_each_language(language, expected):
    with translation.override(language):
        assert dates.long_moment(MOMENT, dates.PARIS) == expected


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("fr", ("dimanche 1er mars", "1er mars", "1er mars 2026")),
        ("es", ("domingo, 1 de marzo", "1 de marzo", "1 de marzo de 2026")),
        ("tr", ("1 Mart Pazar", "1 Mart", "1 Mart 2026")),
        ("ar", ("الأحد، 1 مارس", "1 مارس", "1 مارس 2026")),
    ],
)
def test_days_are_said_with_what_they_need(language, expected):
    day = date(2026, 3, 1)
    with translation.override(language):
        said = dates.day_label(day), dates.day_and_month(day), dates.day_and_month(day, with_year=True)
    assert said == expected


@pytest.mark.parametrize("language", [one for one in Language.values if one != Language.FR])
def test_no_french_word_remains_in_a_date(language):
    with translation.override(language):
        written = dates.long_moment(MOMENT, dates.PARIS) + dates.short_moment(MOMENT, dates.PARIS)
    assert " à " not in written
    assert "mardi" not in written
