"""The catalogs of translations: sentences found in the code, `.po` files to translate, `.mo` files to serve.

    python -m rdv_insertion.kernel.catalogs update    # sentences of the code into the .po files
    python -m rdv_insertion.kernel.catalogs compile   # .po files newer than their .mo

A sentence is known by its French text. Babel does the work, since gettext's programs are not everywhere;
nothing here needs settings or a database.
"""

import os
import sys
from collections.abc import Iterator, Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

from babel.messages import Catalog, Message
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

from rdv_insertion.kernel.languages import Language

PRODUCT = Path(__file__).resolve().parent.parent
LOCALE = PRODUCT / "locale"
# French is what the sentences are written in.
TRANSLATED: tuple[str, ...] = tuple(language.value for language in Language if language != Language.FR)

_KEYWORDS: Mapping[str, Any] = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
    "npgettext_lazy": ((1, "c"), 2, 3),
}
_TEMPLATES = (".html", ".txt")
# What changes at each writing, or says nothing.
_IDLE_HEADERS = (
    "Project-Id-Version",
    "Report-Msgid-Bugs-To",
    "POT-Creation-Date",
    "PO-Revision-Date",
    "Last-Translator",
    "Language-Team",
    "Generated-By",
)


def path_of(language: str) -> Path:
    """The catalog that people translate."""
    return LOCALE / language / "LC_MESSAGES" / "django.po"


def found_in_code() -> Catalog:
    """Every sentence that the code marks as translatable, with the files that say it. In order of files."""
    catalog = Catalog()
    for path in _sources():
        where = path.relative_to(PRODUCT.parent).as_posix()
        for _, message, _, context in _sentences(path):
            catalog.add(message, locations=[(where, 0)], context=context)
    return catalog


def read(language: str) -> Catalog:
    """The catalog of a language as it is on disk; empty when there is none yet."""
    path = path_of(language)
    if not path.exists():
        return Catalog(locale=language)
    with path.open("rb") as file:
        return read_po(file, locale=language)


def update(language: str, found: Catalog) -> int:
    """Give the catalog of `language` the sentences of `found`: new ones empty, those that left dropped.

    Returns how many are still to translate.
    """
    known, fresh = read(language), Catalog(locale=language)
    for message in found:
        if message.id:
            before = known.get(message.id, message.context)
            kept = before.string if before and not before.fuzzy else None
            fresh.add(message.id, kept, message.locations, context=message.context)
    _write(path_of(language), _as_text(fresh))
    return sum(not is_translated(message) for message in fresh if message.id)


def is_translated(message: Message) -> bool:
    """Whether every form of the sentence says something."""
    forms = message.string if isinstance(message.string, tuple | list) else [message.string]
    return bool(forms) and all(forms)


def compile_catalogs() -> list[str]:
    """Write the `.mo` of the catalogs that changed since; returns their languages."""
    stale = [language for language in TRANSLATED if is_stale(language)]
    for language in stale:
        compiled = BytesIO()
        write_mo(compiled, read(language))
        _write(path_of(language).with_suffix(".mo"), compiled.getvalue())
    return stale


def is_stale(language: str) -> bool:
    """Whether the compiled catalog misses, or is older than the one that people translate."""
    source = path_of(language)
    compiled = source.with_suffix(".mo")
    if not source.exists():
        return False
    return not compiled.exists() or compiled.stat().st_mtime < source.stat().st_mtime


def _sources() -> Iterator[Path]:
    for path in sorted(PRODUCT.rglob("*")):
        of_templates = path.suffix in _TEMPLATES and "templates" in path.parts
        if of_templates or (path.suffix == ".py" and "migrations" not in path.parts):
            yield path


def _sentences(path: Path) -> Iterator[tuple[int, Any, list[str], str | None]]:
    text = path.read_text(encoding="utf-8")
    if path.suffix != ".py":
        # Django writes the template as calls of gettext, indented as the template is; Python wants none.
        text = "\n".join(line.lstrip() for line in templatize(text, origin=str(path)).splitlines())
    return iter(extract("python", BytesIO(text.encode()), keywords=_KEYWORDS, options={"encoding": "utf-8"}))


def _as_text(catalog: Catalog) -> bytes:
    written = BytesIO()
    write_po(written, catalog, width=110, include_lineno=False, ignore_obsolete=True)
    header, _, sentences = written.getvalue().decode().partition("\n\n")
    kept = [
        line
        for line in header.splitlines()
        if not line.startswith(("#", *(f'"{name}:' for name in _IDLE_HEADERS)))
    ]
    return ("\n".join(kept) + "\n\n" + sentences.rstrip("\n") + "\n").encode()


def _write(path: Path, content: bytes) -> None:
    """At once or not at all: another process may be reading, or writing the same."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f"{path.name}.{os.getpid()}")
    beside.write_bytes(content)
    beside.replace(path)


def main(order: str) -> None:
    """`update` or `compile`."""
    if order == "update":
        found = found_in_code()
        for language in TRANSLATED:
            missing = update(language, found)
            sys.stdout.write(f"{language} : {len(found)} phrases, {missing} à traduire\n")
    elif order != "compile":
        raise SystemExit("python -m rdv_insertion.kernel.catalogs update|compile")
    if written := compile_catalogs():
        sys.stdout.write(f"Traductions compilées : {', '.join(written)}\n")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "")
