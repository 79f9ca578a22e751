"""Catalogs: every sentence of the code, in every language, with what the French sentence holds."""

import os
import re
from collections import Counter
from pathlib import Path

import pytest
from babel.messages import Message
from django.conf import settings
from django.core import checks

from rdv_insertion.kernel import catalogs
from rdv_insertion.kernel.languages import IN_FRENCH, Language

LANGUAGES = pytest.mark.parametrize("language", catalogs.TRANSLATED)

_PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%%")
_TAG = re.compile(r"<[^>]+>")


@pytest.fixture(scope="module")
def found() -> set[tuple[str | tuple[str, ...], str | None]]:
    return {(message.id, message.context) for message in catalogs.found_in_code() if message.id}


def _messages(language: str) -> list[Message]:
    return [message for message in catalogs.read(language) if message.id]


def _french(message: Message) -> list[str]:
    return list(message.id) if isinstance(message.id, tuple | list) else [message.id]


def _forms(message: Message) -> list[str]:
    return list(message.string) if isinstance(message.string, tuple | list) else [message.string]


@LANGUAGES
def test_the_catalog_holds_the_sentences_of_the_code_and_no_other(language, found):
    known = {(message.id, message.context) for message in _messages(language)}
    assert (found - known, known - found) == (set(), set()), "make translations"


@LANGUAGES
def test_every_sentence_is_translated(language):
    catalog = _messages(language)
    missing = [m.id for m in catalog if m.fuzzy or not catalogs.is_translated(m)]
    assert missing == []


@LANGUAGES
def test_plurals_have_all_the_forms_of_the_language(language):
    catalog = catalogs.read(language)
    plurals = [message for message in catalog if message.id and message.pluralizable]
    assert plurals
    assert {len(message.string) for message in plurals} == {catalog.num_plurals}


@LANGUAGES
def test_translations_hold_what_the_french_sentence_holds(language):
    """The same facts and the same tags: in a plural, `two` may be a word, but nothing is added."""
    wrong = []
    for message in _messages(language):
        expected = [
            (set(_PLACEHOLDER.findall(text)), Counter(_TAG.findall(text))) for text in _french(message)
        ]
        for form in filter(None, _forms(message)):
            facts, tags = set(_PLACEHOLDER.findall(form)), Counter(_TAG.findall(form))
            counted = {"%(count)s", "%(days)d"} if message.pluralizable else set()
            same_facts = any(facts <= wanted and wanted - facts <= counted for wanted, _ in expected)
            if not same_facts or tags not in [wanted for _, wanted in expected]:
                wrong.append(form)
    assert wrong == []


@LANGUAGES
def test_translations_can_be_filled_in(language):
    """A lone percent sign would break the page that fills the sentence in."""
    for message in _messages(language):
        names = dict.fromkeys(re.findall(r"%\((\w+)\)", " ".join(_french(message))), 2)
        for form in filter(None, _forms(message)):
            if names:
                assert form % names


@LANGUAGES
def test_blanks_around_sentences_are_those_of_the_french(language):
    wrong = [
        form
        for message in _messages(language)
        for form in filter(None, _forms(message))
        if (form[0].isspace(), form[-1].isspace())
        != (_french(message)[0][0].isspace(), _french(message)[0][-1].isspace())
    ]
    assert wrong == []


@LANGUAGES
def test_figures_are_those_that_phones_and_clocks_show(language):
    assert [
        m.id for m in _messages(language) if re.search("[٠-٩۰-۹]", "".join(filter(None, _forms(m))))
    ] == []


def test_the_languages_are_the_same_everywhere():
    assert [code for code, _ in settings.LANGUAGES] == Language.values == list(IN_FRENCH)


def test_the_compiled_catalogs_are_there():
    assert [error.id for error in checks.run_checks() if error.id == "kernel.W001"] == []


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A product with one template and one module, and no translation yet."""
    product = tmp_path / "produit"
    (product / "templates").mkdir(parents=True)
    (product / "module.py").write_text('from x import gettext\nWORD = gettext("Un mot")\n')
    (product / "templates" / "page.html").write_text(
        '{% load i18n %}\n  <p>\n    {% translate "Deux mots" as both %}\n'
        "  {% blocktranslate count count=n %}{{ count }} rue d'ici{% plural %}{{ count }} rues d'ici"
        '{% endblocktranslate %}\n{% translate "Mai" context "mois" %}\n'
        "{% blocktranslate with who=name|title %}Bonjour {{ who }}, 100 %{% endblocktranslate %}</p>"
    )
    monkeypatch.setattr(catalogs, "PRODUCT", product)
    monkeypatch.setattr(catalogs, "LOCALE", product / "locale")
    return product


def test_sentences_are_found_in_modules_and_templates(elsewhere):
    assert {(m.id, m.context) for m in catalogs.found_in_code() if m.id} == {
        ("Un mot", None),
        ("Deux mots", None),
        (("%(count)s rue d'ici", "%(count)s rues d'ici"), None),
        ("Mai", "mois"),
        ("Bonjour %(who)s, 100 %%", None),
    }


def test_updating_keeps_translations_adds_new_sentences_and_drops_the_old(elsewhere):
    path = catalogs.path_of("en")
    path.parent.mkdir(parents=True)
    path.write_text('msgid "Un mot"\nmsgstr "A word"\n\nmsgid "Parti"\nmsgstr "Gone"\n')
    missing = catalogs.update("en", catalogs.found_in_code())
    catalog = catalogs.read("en")
    assert missing == 4
    assert catalog.get("Un mot").string == "A word"
    assert catalog.get("Deux mots").string == ""
    assert catalog.get("Parti") is None


def test_updating_twice_changes_nothing(elsewhere):
    catalogs.update("ar", catalogs.found_in_code())
    before = catalogs.path_of("ar").read_bytes()
    catalogs.update("ar", catalogs.found_in_code())
    assert catalogs.path_of("ar").read_bytes() == before


def test_only_what_changed_is_compiled(elsewhere):
    catalogs.update("en", catalogs.found_in_code())
    assert catalogs.compile_catalogs() == ["en"]
    assert catalogs.compile_catalogs() == []
    compiled = catalogs.path_of("en").with_suffix(".mo")
    os.utime(compiled, (0, 0))
    assert catalogs.compile_catalogs() == ["en"]
