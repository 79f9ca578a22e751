"""From a CNAF flow to people: no column to name, those whose rights ended apart."""

from io import BytesIO

import pytest
from django.utils import timezone

from rdv_insertion.imports import services
from rdv_insertion.imports.enums import RowState, Stage
from rdv_insertion.imports.models import ImportRun
from rdv_insertion.usagers.models import Usager
from tests.imports import files
from tests.imports.conftest import row, states, write

pytestmark = pytest.mark.django_db


@pytest.fixture
def dropped(organisation, category):
    def drop(content: bytes) -> ImportRun:
        return services.start(
            organisation=organisation,
            motif_category=category,
            agent=None,
            file=services.File("flux.xml", BytesIO(content)),
            now=timezone.now(),
        )

    return drop


def test_a_flow_is_previewed_at_once_and_named(dropped):
    run = dropped(files.flow())
    assert (run.stage, states(run), run.flow) == (
        Stage.PREVIEW,
        [RowState.TO_CREATE],
        "Flux mensuel du 5 mars 2026",
    )
    person = row(run, 2).person
    assert (person.first_name, person.affiliation_number, person.role) == ("Élodie", "1234567", "demandeur")
    assert person.address == "12 B RUE DE LA FORÊT CHEZ MME ROY, BÂT B, LES BLACHES 26150 DIE"


def test_those_whose_rights_ended_are_apart_and_never_invited(dropped):
    run = dropped(files.flow(files.flow_household(files.flow_person(), state="5")))
    [one] = run.rows.all()
    assert (one.rights_ended, one.selected, one.state) == (True, False, RowState.TO_CREATE)
    services.select(row=one, selected=True)
    write(run)
    assert Usager.objects.count() == 1
    assert not services.invitable_rows(run).exists()


def test_the_same_flow_again_changes_nothing(dropped):
    write(dropped(files.flow()))
    run = write(dropped(files.flow()))
    assert states(run) == [RowState.UNCHANGED]
    assert Usager.objects.count() == 1
