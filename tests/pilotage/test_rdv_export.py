"""The spreadsheet, opened again by another library and compared cell by cell."""

import tracemalloc
from datetime import UTC, date, datetime, time, timedelta
from zipfile import ZipFile

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from python_calamine import CalamineWorkbook

from rdv_insertion.agenda.models import Participation, Rdv
from rdv_insertion.pilotage import rdv_export
from rdv_insertion.pilotage.rdv_export import (
    COLUMNS,
    PARTICIPATION_COLUMNS,
    PARTICIPATIONS_SHEET,
    RDVS_SHEET,
    TooManyRdvs,
    export_rdvs,
    place_of,
)
from tests.factories import (
    AgentFactory,
    LieuFactory,
    MessageFactory,
    MotifFactory,
    ParticipationFactory,
    RdvFactory,
    UsagerFactory,
)

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 7, 15, 12, tzinfo=UTC)


def sheets(rdvs=None):
    """Rows of both sheets, titles aside."""
    with export_rdvs(Rdv.objects.all() if rdvs is None else rdvs, now=NOW) as file:
        book = CalamineWorkbook.from_filelike(file)
    return tuple(
        book.get_sheet_by_name(name).to_python(skip_empty_area=False)[1:]
        for name in (RDVS_SHEET, PARTICIPATIONS_SHEET)
    )


def cells(row, columns=COLUMNS):
    return dict(zip(columns, row, strict=True))


@pytest.fixture
def motif(organisation, category):
    return MotifFactory(organisation=organisation, motif_category=category, name="Premier rendez-vous")


@pytest.fixture
def rdv(organisation, motif):
    """On 3 March at 9:30 in Valence, taken by an agent on 20 February, honoured."""
    claire = AgentFactory(first_name="Claire", last_name="Morel", email="claire@drome.test")
    lieu = LieuFactory(organisation=organisation, name="Centre", address="1 rue Haute, 26000 Valence")
    rdv = RdvFactory(
        motif=motif,
        lieu=lieu,
        agents=[claire],
        starts_at=datetime(2026, 3, 3, 8, 30, tzinfo=UTC),
        created_at=datetime(2026, 2, 20, 13, 5, 42, tzinfo=UTC),
        created_by="agent",
        created_by_agent=claire,
        status="seen",
        context="Vient avec un interprète",
    )
    usager = UsagerFactory(
        organisation=organisation,
        first_name="Marina",
        last_name="Foïs",
        birth_date=date(1985, 4, 3),
        address="12 bis rue de la République 26150 Die",
    )
    one = ParticipationFactory(rdv=rdv, usager=usager, status="seen", follow_up=None, created_by="agent")
    for channel, status in (("sms", "delivered"), ("email", "permanent_failure")):
        MessageFactory(
            organisation=organisation,
            usager=usager,
            purpose="rdv_created",
            channel=channel,
            status=status,
            unique_key=f"{usager.pk}:rdv_created:participation-{one.pk}-20260303T0830-0:{channel}",
        )
    return rdv


EXPECTED = (
    2026,
    date(2026, 2, 20),
    time(14, 5),
    "Un agent",
    date(2026, 3, 3),
    time(9, 30),
    "RSA orientation",
    "Premier rendez-vous",
    "Vient avec un interprète",
    "RDV honoré",
    "Centre, 1 rue Haute, 26000 Valence",
    "Claire Morel",
    "Marina Foïs",
    "Die",
    "non",
    "Reçu : 1, Non distribué : 1",
    "Conseil départemental de la Drôme",
    "03/04/1985",
    "26150",
    "Claire Morel",
    "claire@drome.test",
)


def test_every_cell_of_a_rdv_is_what_its_column_says(rdv):
    (row,), _ = sheets()
    assert cells(row) == dict(zip(COLUMNS, EXPECTED, strict=True))


def test_a_participation_is_the_same_after_the_person_and_the_number_of_the_rdv(rdv):
    _, (row,) = sheets()
    expected = dict(zip(COLUMNS, EXPECTED, strict=True)) | {
        "usager": "Marina Foïs",
        "rdv_id": rdv.pk,
        "date naissance": date(1985, 4, 3),
        "créé par": "Un agent",
    }
    assert cells(row, PARTICIPATION_COLUMNS) == expected


def test_titles_are_those_that_departments_work_with(rdv):
    with export_rdvs(Rdv.objects.all(), now=NOW) as file:
        book = CalamineWorkbook.from_filelike(file)
    assert book.sheet_names == [RDVS_SHEET, PARTICIPATIONS_SHEET]
    assert book.get_sheet_by_name(RDVS_SHEET).to_python()[0] == list(COLUMNS)
    assert book.get_sheet_by_name(PARTICIPATIONS_SHEET).to_python()[0] == ["usager", "rdv_id", *COLUMNS]


def test_each_person_of_a_rdv_has_a_row_and_a_status(rdv):
    child = UsagerFactory(first_name="Zoé", last_name="Roux", birth_date=date(2008, 3, 4), address="")
    ParticipationFactory(rdv=rdv, usager=child, status="noshow", follow_up=None)
    (row,), people = sheets()
    together = cells(row)
    assert together["usager(s)"] == "Marina Foïs, Zoé Roux"
    assert together["mineur ?"] == "oui"
    assert together["date naissance"] == "03/04/1985, 04/03/2008"
    apart = [cells(one, PARTICIPATION_COLUMNS) for one in people]
    assert [(one["usager"], one["statut"], one["mineur ?"]) for one in apart] == [
        ("Marina Foïs", "RDV honoré", "non"),
        ("Zoé Roux", "Absence non excusée", "oui"),
    ]
    assert [one["commune du 1er responsable"] for one in apart] == ["Die", ""]


@pytest.mark.parametrize("beginning", ["=", "+", "-", "@"])
def test_a_name_that_looks_like_a_formula_stays_text(rdv, beginning):
    text = f'{beginning}HYPERLINK("http://x","y")'
    Rdv.objects.update(context=text)
    usager = rdv.participations.get().usager
    usager.first_name = text
    usager.save()
    with export_rdvs(Rdv.objects.all(), now=NOW) as file, ZipFile(file) as archive:
        xml = "".join(archive.read(name).decode() for name in archive.namelist() if "sheet" in name)
    assert "<f>" not in xml
    assert "<hyperlink" not in xml
    (row,), _ = sheets()
    assert cells(row)["contexte"] == text
    assert cells(row)["usager(s)"] == f"{text} Foïs"


def test_the_nir_is_neither_written_nor_even_read(rdv):
    nir = rdv.participations.get().usager.nir
    with CaptureQueriesContext(connection) as captured:
        written = sheets()
    assert nir and nir[:13] not in str(written)
    assert not [one["sql"] for one in captured if "nir" in one["sql"].lower()]


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("12 rue des Lilas 26000 Valence", "À domicile (Valence)"),
        ("10000 chemin du Bois 26000 Valence", "À domicile (Valence)"),
        ("26150 Die, 12 rue Haute", "À domicile (Die)"),
        ("12 rue des Lilas", "À domicile"),
        (None, "À domicile"),
    ],
)
def test_a_rdv_at_home_tells_the_town_only(organisation, address, shown):
    motif = MotifFactory(organisation=organisation, location_type="home")
    assert place_of(RdvFactory(motif=motif), [UsagerFactory(address=address)]) == shown


@pytest.mark.parametrize(("kind", "shown"), [("phone", "Par téléphone"), ("visio", "En visioconférence")])
def test_a_rdv_without_a_place_says_how_it_happens(organisation, kind, shown):
    rdv = RdvFactory(motif=MotifFactory(organisation=organisation, location_type=kind))
    assert place_of(rdv, []) == shown


def test_hours_are_those_of_the_clocks_of_the_place(organisation, motif):
    lieu = LieuFactory(organisation=organisation, reunion=True)
    starts_at = datetime(2025, 12, 31, 21, tzinfo=UTC)
    RdvFactory(motif=motif, lieu=lieu, starts_at=starts_at)
    (row,), _ = sheets()
    assert (row[0], row[4], row[5]) == (2026, date(2026, 1, 1), time(1))


@pytest.mark.parametrize(("hours", "shown"), [(-1, "À renseigner"), (1, "À venir")])
def test_an_unknown_status_is_to_come_or_to_be_recorded(motif, hours, shown):
    RdvFactory(motif=motif, starts_at=NOW + timedelta(hours=hours), created_at=NOW)
    (row,), _ = sheets()
    assert cells(row)["statut"] == shown


def test_a_rdv_without_anybody_has_one_row_and_no_participation(motif):
    RdvFactory(motif=motif, agents=[])
    (row,), people = sheets()
    assert (cells(row)["usager(s)"], cells(row)["mineur ?"], people) == ("", "", [])


def test_a_context_longer_than_a_cell_is_cut_rather_than_lost(motif):
    RdvFactory(motif=motif, context="é" * 40_000)
    (row,), _ = sheets()
    assert cells(row)["contexte"] == "é" * 32_767


def many(motif, count):
    """Rdvs of one person each, written at once."""
    usager = UsagerFactory(organisation=motif.organisation)
    starts = [NOW + timedelta(minutes=number) for number in range(count)]
    rdvs = Rdv.objects.bulk_create(
        Rdv(
            organisation=motif.organisation,
            motif=motif,
            starts_at=one,
            ends_at=one + timedelta(minutes=1),
            created_by="agent",
            created_at=NOW,
            scheduled_at=NOW,
            context="x" * 200,
        )
        for one in starts
    )
    Participation.objects.bulk_create(
        Participation(rdv=rdv, usager=usager, created_by="agent", created_at=NOW) for rdv in rdvs
    )


def test_rows_are_in_order_and_complete_across_chunks(motif, monkeypatch):
    monkeypatch.setattr(rdv_export, "CHUNK", 10)
    many(motif, 25)
    rows, people = sheets()
    assert (len(rows), len(people)) == (25, 25)
    moments = [(row[4], row[5]) for row in rows]
    assert moments == sorted(moments)


def test_a_thousand_rdvs_cost_four_queries_whatever_they_hold(motif, monkeypatch):
    monkeypatch.setattr(rdv_export, "CHUNK", 10)

    def queries():
        with CaptureQueriesContext(connection) as captured:
            sheets()
        return sum(not one["sql"].startswith(("SAVEPOINT", "RELEASE")) for one in captured)

    many(motif, 10)
    ten = queries()
    many(motif, 20)
    # Agents, people and messages of each of the two chunks more.
    assert queries() - ten == 2 * 3


def test_memory_does_not_grow_with_the_number_of_rdvs(motif, monkeypatch):
    monkeypatch.setattr(rdv_export, "CHUNK", 50)

    def peak():
        tracemalloc.start()
        with export_rdvs(Rdv.objects.all(), now=NOW):
            most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    many(motif, 100)
    peak()
    few = peak()
    many(motif, 900)
    # Ten times more rdvs.
    assert peak() < 2 * few


def test_more_than_one_file_takes_is_refused_in_a_sentence(motif, monkeypatch):
    monkeypatch.setattr(rdv_export, "MOST_RDVS", 2)
    many(motif, 3)
    with pytest.raises(TooManyRdvs, match="porte sur 3 rendez-vous.*au plus 2 : choisissez une période"):
        export_rdvs(Rdv.objects.all(), now=NOW)
