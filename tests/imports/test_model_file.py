"""The model file is read back by the import that gives it."""

from io import BytesIO
from zipfile import ZipFile

import pytest
from django.utils import timezone
from python_calamine import CalamineWorkbook

from rdv_insertion.imports import services
from rdv_insertion.imports.columns import offered_fields
from rdv_insertion.imports.columns.model_file import as_csv, as_workbook, model_columns
from rdv_insertion.imports.enums import RowState
from rdv_insertion.imports.models import ImportRun
from rdv_insertion.territory.models import Organisation
from tests.factories import OrganisationFactory

MODELS = pytest.mark.parametrize("model", [as_workbook, as_csv])


def given(organisation: Organisation, content: bytes) -> ImportRun:
    return services.start(
        organisation=organisation,
        motif_category=None,
        agent=None,
        file=services.File("modele", content),
        now=timezone.now(),
    )


def sheet_of(content: bytes, name: str) -> list[list[object]]:
    return CalamineWorkbook.from_filelike(BytesIO(content)).get_sheet_by_name(name).to_python()


@MODELS
@pytest.mark.parametrize("kind", [{}, {"siae": True}])
def test_every_column_of_the_model_is_recognised(db, department, model, kind):
    organisation = OrganisationFactory(department=department, **kind)
    run = given(organisation, model(organisation))
    assert run.columns == [column.attribute for column in model_columns(organisation)]
    assert set(run.columns) == set(offered_fields(organisation.organisation_type))


@MODELS
def test_the_example_row_is_sound(organisation, model):
    run = given(organisation, model(organisation))
    services.set_columns(run=run, columns=run.columns, now=timezone.now())
    row = run.rows.get()
    assert (row.state, row.content.problems, row.content.remarks) == (RowState.TO_CREATE, [], [])
    assert row.person.last_name == "Exemple"
    assert row.person.birth_date.isoformat() == "1985-03-12"
    assert row.person.address == "12 rue de l'Exemple Bâtiment B 26000 Valence"


@MODELS
def test_the_example_row_fills_in_all_that_makes_nothing_and_strikes_nobody_off(organisation, model):
    run = given(organisation, model(organisation))
    services.set_columns(run=run, columns=run.columns, now=timezone.now())
    known = run.rows.get().person.known().keys()
    parts = {
        "address_complement",
        "postcode_and_town",
        "tags",
        "referent_email",
        "organisation",
        "rights_end_date",
    }
    assert set(run.columns) - parts - known == set()
    assert (run.unknown_tags, run.unknown_referents) == ([], [])


def test_an_organisation_without_the_right_to_a_nir_is_not_asked_for_it(db, department):
    siae = OrganisationFactory(department=department, siae=True)
    assert {"nir", "department_internal_id"} & {column.attribute for column in model_columns(siae)} == set()
    assert "NIR" not in str(sheet_of(as_workbook(siae), "Mode d'emploi"))


def test_the_spreadsheet_keeps_identifiers_as_texts(organisation):
    content = as_workbook(organisation)
    cells = sheet_of(content, "Personnes")[1]
    titles = [column.title for column in model_columns(organisation)]
    assert cells[titles.index("Numéro CAF ou MSA")] == "1234567"
    with ZipFile(BytesIO(content)) as parts:
        assert b'formatCode="@"' in parts.read("xl/styles.xml")


def test_the_instructions_explain_each_column(organisation):
    lines = sheet_of(as_workbook(organisation), "Mode d'emploi")
    explained = {str(line[0]): line for line in lines}
    for column in model_columns(organisation):
        assert explained[column.title][1] in ("oui", "non")
        assert explained[column.title][2] == column.accepts
    assert [title for title, line in explained.items() if line[1] == "oui"] == ["Nom", "Prénom"]


def test_the_csv_is_one_that_french_spreadsheets_open_as_they_should(organisation):
    content = as_csv(organisation)
    assert content.startswith(b"\xef\xbb\xbf")
    assert content.decode("utf-8-sig").splitlines()[0].startswith("Civilité;Nom;Prénom;")
