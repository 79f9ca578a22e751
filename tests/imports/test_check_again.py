"""Correcting cells: the preview stays what it would be if the file had said so from the start."""

import pytest
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st

from rdv_insertion.imports import services
from rdv_insertion.imports.enums import Decision, RowState
from rdv_insertion.imports.models import ImportRun
from rdv_insertion.usagers.models import Usager
from tests.factories import OrganisationFactory, UsagerFactory, valid_nir
from tests.imports import files
from tests.imports.conftest import Previewed, row, states, write

pytestmark = pytest.mark.django_db

HEADER = ("Nom", "Prénom", "Né le", "Rôle", "N° CAF", "NIR", "id iodas", "Mail", "Tél", "Tags")
ATTRIBUTES = (
    "last_name",
    "first_name",
    "birth_date",
    "role",
    "affiliation_number",
    "nir",
    "department_internal_id",
    "email",
    "phone_number",
    "tags",
)


def correct(run: ImportRun, number: int, attribute: str, text: str) -> None:
    services.correct(row=row(run, number), attribute=attribute, text=text, now=timezone.now())


def test_a_corrected_cell_is_checked_at_once(previewed: Previewed):
    run = previewed(files.csv(HEADER, ("Roux", "Zoé", "", "", "", "", "", "pas un mail", "", "")))
    assert states(run) == [RowState.ERROR]
    correct(run, 2, "email", "zoe@courriel.test")
    assert (states(run), row(run, 2).person.email) == ([RowState.TO_CREATE], "zoe@courriel.test")
    assert (row(run, 2).selected, row(run, 2).content.problems) == (True, [])


def test_a_wrong_correction_is_kept_and_says_why(previewed: Previewed):
    run = previewed(files.people(1))
    correct(run, 2, "phone_number", "12")
    content = row(run, 2).content
    assert (content.corrections, content.identity.phone_number) == ({"phone_number": "12"}, None)
    assert [problem.attribute for problem in content.problems] == ["phone_number"]


def test_the_text_of_the_file_takes_a_correction_back(previewed: Previewed):
    run = previewed(files.people(1))
    before = row(run, 2).content
    correct(run, 2, "email", "autre@courriel.test")
    correct(run, 2, "email", before.values["email"])
    assert row(run, 2).content == before


def test_an_emptied_cell_erases_what_is_known(previewed: Previewed, organisation):
    known = UsagerFactory(organisation=organisation, department_internal_id="A1", email="faux@courriel.test")
    run = previewed(
        files.csv(
            ("Nom", "Prénom", "id iodas", "Mail"), (known.last_name, known.first_name, "A1", known.email)
        )
    )
    assert states(run) == [RowState.UNCHANGED]
    correct(run, 2, "email", " ")
    assert (states(run), row(run, 2).content.changes) == ([RowState.TO_UPDATE], ["email"])
    write(run)
    known.refresh_from_db()
    assert known.email is None


def test_a_correction_may_make_two_rows_one_person_and_undo_it(previewed: Previewed):
    run = previewed(
        files.csv(("Nom", "Prénom", "Mail"), ("Roux", "Zoé", "z@b.fr"), ("Roux", "Zoé", "y@b.fr"))
    )
    assert states(run) == [RowState.TO_CREATE] * 2
    correct(run, 3, "email", "z@b.fr")
    assert (states(run), row(run, 3).same_as) == ([RowState.TO_CREATE, RowState.MERGED], 2)
    correct(run, 2, "email", "x@b.fr")
    assert (states(run), row(run, 3).same_as) == ([RowState.TO_CREATE] * 2, None)


def test_what_somebody_decided_of_other_rows_stays(previewed: Previewed, organisation):
    UsagerFactory(organisation=organisation, last_name="Roux", first_name="Zoé", email=None)
    run = previewed(
        files.csv(
            ("Nom", "Prénom", "Tél", "Mail"), ("Roux", "Zoé", "", "z@b.fr"), ("Roux", "Zoé", "", "y@b.fr")
        )
    )
    services.decide(row=row(run, 2), decision=Decision.DIFFERENT)
    services.select(row=row(run, 3), selected=False)
    correct(run, 3, "email", "x@b.fr")
    assert row(run, 2).decision == Decision.DIFFERENT
    assert (row(run, 3).decision, row(run, 3).selected) == (Decision.LATER, True)


def test_a_row_that_is_written_is_not_corrected_any_more(previewed: Previewed):
    run = write(previewed(files.people(1)))
    with pytest.raises(services.WrongStage):
        correct(run, 2, "email", "autre@courriel.test")


@pytest.mark.parametrize("attribute", ["postcode_and_town", "state", "nir"])
def test_what_may_not_be_corrected_is_refused(previewed: Previewed, department, attribute: str):
    run = previewed(files.people(1), organisation=OrganisationFactory(department=department, siae=True))
    with pytest.raises(ValueError, match=attribute):
        correct(run, 2, attribute, "x")


def test_many_rows_are_checked_again_at_once(previewed: Previewed, organisation, department):
    run = previewed(files.people(300))
    there = OrganisationFactory(department=department)
    chosen = run.rows.filter(number__lte=251)
    assert services.assign(run=run, rows=chosen, organisation=there, now=timezone.now()) == 250
    assert run.rows.filter(organisation=there).count() == 250
    assert run.rows.filter(organisation=organisation).count() == 50
    assert set(states(run)) == {RowState.TO_CREATE}


_TEXTS = {
    "last_name": ["Roux", "Rouxx", "Benali", ""],
    "first_name": ["Zoé", "zoe lou", "Karim", ""],
    "birth_date": ["", "03/04/1985", "04/04/1985", "demain"],
    "role": ["", "DEM", "CJT"],
    "affiliation_number": ["", "1111111", "2222222"],
    "nir": ["", valid_nir(1), valid_nir(2)],
    "department_internal_id": ["", "A1", "B2"],
    "email": ["", "a@b.fr", "c@d.fr"],
    "phone_number": ["", "0612345678", "0612345679"],
    "tags": ["", "Jeune"],
}
_CELLS = st.tuples(*(st.sampled_from(_TEXTS[name]) for name in ATTRIBUTES))
_CORRECTION = st.sampled_from(ATTRIBUTES).flatmap(
    lambda name: st.tuples(st.just(name), st.sampled_from([text for text in _TEXTS[name] if text]))
)


def _described(run: ImportRun) -> list[object]:
    return [
        (
            one.number,
            one.state,
            one.organisation_id,
            one.usager_id,
            one.same_as,
            one.selected,
            one.to_check,
            one.keys,
            one.name_key,
            one.search_document,
            one.content.identity,
            one.content.problems,
            one.content.tags,
            sorted(one.content.changes),
            one.content.remarks,
            sorted(one.lookalikes.values_list("pk", flat=True)),
        )
        for one in run.rows.order_by("number")
    ]


@settings(max_examples=80)
@given(
    known=st.lists(_CELLS, max_size=3),
    rows=st.lists(_CELLS, min_size=1, max_size=7),
    corrections=st.lists(st.tuples(st.integers(0, 6), _CORRECTION), min_size=1, max_size=4),
)
def test_checking_a_few_rows_again_is_checking_the_corrected_file(
    previewed: Previewed, organisation, known, rows, corrections
):
    Usager.objects.all().delete()
    write(previewed(files.csv(HEADER, *known, separator="|")))
    names = [(cells[0] or "Nom", *cells[1:]) for cells in rows]
    run = previewed(files.csv(HEADER, *names, separator="|"), columns=list(ATTRIBUTES))
    corrected = [list(cells) for cells in names]
    for number, (attribute, text) in corrections:
        place = number % len(rows)
        corrected[place][ATTRIBUTES.index(attribute)] = text
        correct(run, place + 2, attribute, text)
    expected = previewed(files.csv(HEADER, *corrected, separator="|"), columns=list(ATTRIBUTES))
    assert _described(run) == _described(expected)


def test_all_the_rows_that_match_are_chosen_or_left_alone_at_once(previewed: Previewed):
    run = previewed(files.people(3) + "Sans;Clé;;\n".encode())
    assert states(run) == [RowState.TO_CREATE] * 3 + [RowState.ERROR]
    assert services.select_all(run=run, rows=run.rows.filter(number__gt=2), selected=False) == 2
    assert list(run.rows.order_by("number").values_list("selected", flat=True)) == [True, False, False, False]
    assert services.select_all(run=run, rows=run.rows.all(), selected=True) == 2
    assert run.rows.get(state=RowState.ERROR).selected is False


def test_rows_of_another_import_are_never_touched(previewed: Previewed):
    mine, other = previewed(files.people(1)), previewed(files.people(1))
    assert services.select_all(run=mine, rows=other.rows.all(), selected=False) == 0
    services.assign(run=mine, rows=other.rows.all(), organisation=mine.organisation, now=timezone.now())
    assert row(other, 2).content.corrections == {}
