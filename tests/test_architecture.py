"""What import-linter cannot see: foreign keys by name, sizes, and folders that become a dumping ground."""

import ast
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import apps
from django.core.management import call_command

ROOT = Path(__file__).resolve().parent.parent
PRODUCT = ("rdv_insertion", "config", "demo", "benchmarks")
LINES_OF_A_FILE, LINES_OF_A_TEST_FILE, LINES_OF_A_FUNCTION = 500, 1_000, 60
DUMPING_GROUNDS = {"utils", "util", "common", "helpers", "helper", "misc", "tools", "shared"}


def layers() -> list[set[str]]:
    """The layers of the product from the top down, as the import contract states them."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    (product,) = [contract for contract in contracts if contract.get("containers") == ["rdv_insertion"]]
    return [{name.strip(" ()") for name in layer.split("|")} for layer in product["layers"]]


def height(app: str) -> int:
    """0 for the ground; the same for two folders of one layer."""
    return next(place for place, names in enumerate(reversed(layers())) if app in names)


def foreign_keys() -> list[tuple[str, str, str]]:
    """Every relation between models of the product: (name, folder it is in, folder it points to)."""
    return [
        (f"{model._meta.label}.{field.name}", model._meta.app_label, field.related_model._meta.app_label)
        for model in apps.get_models(include_auto_created=True)
        if model.__module__.startswith("rdv_insertion.")
        for field in [*model._meta.fields, *model._meta.local_many_to_many]
        if field.related_model is not None and field.related_model.__module__.startswith("rdv_insertion.")
    ]


def test_no_foreign_key_points_to_a_higher_or_to_a_parallel_layer() -> None:
    found = foreign_keys()
    assert len(found) > 40
    pointing_up = [
        name for name, source, target in found if source != target and not height(target) < height(source)
    ]
    assert pointing_up == []


def test_every_folder_of_the_product_has_a_place_in_the_layers() -> None:
    folders = {path.parent.name for path in (ROOT / "rdv_insertion").glob("*/__init__.py")}
    assert folders <= set.union(*layers())


def python_files(*folders: str) -> Iterator[Path]:
    for folder in folders:
        yield from (path for path in (ROOT / folder).rglob("*.py") if "migrations" not in path.parts)


def test_no_file_of_the_product_is_too_long_to_be_read_at_once() -> None:
    sizes = {
        str(path.relative_to(ROOT)): len(path.read_text().splitlines()) for path in python_files(*PRODUCT)
    }
    assert len(sizes) > 80
    assert {name: size for name, size in sizes.items() if size > LINES_OF_A_FILE} == {}


def test_no_test_file_is_too_long() -> None:
    sizes = {
        str(path.relative_to(ROOT)): len(path.read_text().splitlines()) for path in python_files("tests")
    }
    assert {name: size for name, size in sizes.items() if size > LINES_OF_A_TEST_FILE} == {}


def test_no_function_is_too_long_to_be_read_at_once() -> None:
    long = {
        f"{path.relative_to(ROOT)}:{node.lineno} {node.name}"
        for path in python_files(*PRODUCT)
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (node.end_lineno or 0) - node.lineno + 1 > LINES_OF_A_FUNCTION
    }
    assert long == set()


def test_nothing_is_called_after_what_it_is_not() -> None:
    found = {
        str(path.relative_to(ROOT))
        for path in python_files(*PRODUCT, "tests")
        if {path.stem, path.parent.name} & DUMPING_GROUNDS
    }
    assert found == set()


@pytest.mark.django_db
def test_no_migration_is_missing() -> None:
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


def test_every_folder_with_models_has_migrations() -> None:
    with_models = {
        config.path
        for config in apps.get_app_configs()
        if config.name.startswith("rdv_insertion.") and list(config.get_models())
    }
    assert len(with_models) >= 9
    assert [path for path in sorted(with_models) if not list(Path(path).glob("migrations/0*.py"))] == []
