"""Zones from a file: what each row would do, then the writing."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rdv_insertion.agenda import zone_files
from rdv_insertion.agenda.models import Sector, Zone
from rdv_insertion.agenda.services import sectors as services
from rdv_insertion.agenda.zone_files import COLUMNS, Action, UnreadableZones, packed, plan, read, unpacked
from tests.factories import DepartmentFactory


@pytest.fixture
def centre(department) -> Sector:
    return services.save_sector(department=department, name="Centre", human_id="centre")


def planned(department, *rows, **options):
    """What a file of these rows would do."""
    return plan(read([list(COLUMNS), *rows]), department, **options)


TOWN = ["centre", "26362", "Valence", "", ""]
STREET = ["centre", "26362", "Valence", "Rue Pasteur", "26362_0020"]


def test_a_town_and_a_street_are_added(department, centre):
    services.apply(plan=planned(department, TOWN, STREET))
    assert sorted(map(str, Zone.objects.all())) == ["Rue Pasteur, Valence", "Valence"]


def test_nothing_is_written_by_the_plan(department, centre):
    planned(department, TOWN, STREET, create_sectors=True)
    assert not Zone.objects.exists()


def test_the_same_file_twice_changes_nothing(department, centre):
    services.apply(plan=planned(department, TOWN, STREET))
    again = planned(department, TOWN, STREET)
    assert again.counts[Action.UNCHANGED] == 2
    services.apply(plan=again)
    assert Zone.objects.count() == 2


def test_a_known_street_is_updated_and_the_change_is_said(department, centre):
    services.apply(plan=planned(department, ["centre", "26362", "", "r. pasteur", ""]))
    update = planned(department, STREET)
    assert [row.action for row in update.rows] == [Action.UPDATE]
    assert "26362_0020" in update.rows[0].reason
    services.apply(plan=update)
    assert Zone.objects.get().street_code == "26362_0020"


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (["", "26362", "Valence", "", ""], "Il manque l'identifiant du secteur"),
        (["inconnu", "26362", "Valence", "", ""], "Aucun secteur n'a l'identifiant « inconnu »"),
        (["centre", "38185", "Grenoble", "", ""], "n'est pas celui d'une commune du département"),
        (["centre", "26000", "Valence", "", ""], "Ce n'est pas le code postal"),
        (["centre", "26362", "Die", "", ""], "est celui de Valence, pas de Die"),
        (["centre", "", "Nulle-Part", "", ""], "ne s'appelle Nulle-Part"),
        (["centre", "", "", "rue Pasteur", ""], "Il manque la commune"),
        (["centre", "26362", "", "", "26362_0020"], "un code de rue sans nom"),
        (["centre", "26362", "", "rue Pasteur", "26113_0020"], "doit commencer par 26362_"),
        (["centre", "26362", "", "???", ""], "ne contient aucune lettre"),
        (["centre", "26362", "", "x" * 201, ""], "dépasse 200 caractères"),
    ],
)
def test_a_row_that_cannot_be_is_refused_with_its_reason(department, centre, row, reason):
    [refused] = planned(department, row).rows
    assert refused.action == Action.REFUSED
    assert reason in refused.reason


def test_a_row_that_is_twice_in_the_file_is_refused_the_second_time(department, centre):
    rows = planned(department, STREET, ["centre", "26362", "Valence", "R. PASTEUR", ""]).rows
    assert [row.action for row in rows] == [Action.CREATE, Action.REFUSED]
    assert "à la ligne 2" in rows[1].reason


def test_refused_rows_do_not_stop_the_others(department, centre):
    counts = services.apply(plan=planned(department, TOWN, ["centre", "99999", "", "", ""]))
    assert (counts[Action.CREATE], counts[Action.REFUSED]) == (1, 1)


def test_a_town_is_found_by_its_name_when_its_code_is_missing(department, centre):
    [row] = planned(department, ["centre", "", "ST-JEAN EN ROYANS", "", ""]).rows
    assert row.values["city_code"] == "26307"


@pytest.mark.django_db
def test_a_zero_that_a_spreadsheet_took_away_is_given_back():
    ain = DepartmentFactory(number="01", name="Ain", capital="Bourg-en-Bresse")
    services.save_sector(department=ain, name="Centre", human_id="centre")
    [row] = planned(ain, ["centre", "1004", "Ambérieu-en-Bugey", "", ""]).rows
    assert row.values["city_code"] == "01004"


def test_new_sectors_are_created_only_when_asked(department):
    assert planned(department, TOWN).writes == 0
    asked = planned(department, TOWN, create_sectors=True)
    assert asked.sectors_to_create == ("centre",)
    services.apply(plan=asked)
    assert Sector.objects.get().human_id == "centre"


def test_a_sector_of_another_department_is_not_known_here(department):
    services.save_sector(department=DepartmentFactory(isere=True), name="Centre", human_id="centre")
    assert [row.action for row in planned(department, TOWN).rows] == [Action.REFUSED]


def test_titles_may_be_in_any_order_after_a_title_and_beside_others(department, centre):
    rows = read(
        [["Zones 2026", ""], ["City code", "note", "SECTOR_ID"], ["26362", "x", "centre"], ["", "", ""]]
    )
    assert [(row.line, row.cells["city_code"]) for row in rows] == [(3, "26362")]


@pytest.mark.parametrize(
    "table",
    [[], [["a", "b"], ["1", "2"]], [["sector_id"], ["x"]], [list(COLUMNS)], [list(COLUMNS), [""] * 5]],
)
def test_a_file_that_is_not_one_of_zones_is_refused(table):
    with pytest.raises(UnreadableZones):
        read(table)


def test_too_many_zones_are_refused():
    with pytest.raises(UnreadableZones, match="Découpez-le"):
        read([list(COLUMNS), *[TOWN] * (zone_files.MAX_ROWS + 1)])


def test_what_is_exported_is_read_back_without_a_change(department, centre):
    services.apply(plan=planned(department, TOWN, STREET, ["centre", "26113", "", "", ""]))
    again = planned(department, *services.rows_of([centre]))
    assert again.counts[Action.UNCHANGED] == len(again.rows) == 3


@pytest.mark.parametrize("count", [1, 60])
def test_a_plan_takes_two_queries_and_its_writing_few(
    department, centre, count, django_assert_num_queries, django_assert_max_num_queries
):
    rows = [["centre", "26362", "", f"rue {number}", ""] for number in range(1, count + 1)]
    with django_assert_num_queries(2):
        found = planned(department, *rows)
    with django_assert_max_num_queries(5):
        services.apply(plan=found)
    assert Zone.objects.count() == count


def test_rows_survive_the_wait_between_preview_and_writing():
    rows = read([["sector_id", "city_code"], ["centre", "26362"]])
    again = unpacked(packed(rows))
    assert [(row.line, row.cells["sector_id"]) for row in again] == [(2, "centre")]


@settings(max_examples=60)
@given(st.lists(st.lists(st.text(max_size=12), min_size=5, max_size=5), min_size=1, max_size=5))
def test_any_cell_at_all_is_survived(department, centre, rows):
    try:
        found = planned(department, *rows)
    except UnreadableZones:
        return
    assert len(found.rows) <= len(rows)
