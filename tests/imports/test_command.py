"""`manage.py import_usagers`: the import without a browser."""

import json
from collections.abc import Callable
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from procrastinate.contrib.django.models import ProcrastinateJob
from python_calamine import CalamineWorkbook

from rdv_insertion.agenda.services import sectors
from rdv_insertion.followups.models import FollowUp
from rdv_insertion.imports.enums import Origin
from rdv_insertion.imports.models import ColumnMapping, ImportRun
from rdv_insertion.imports.read import MAX_BYTES
from rdv_insertion.invitations.models import CategoryConfiguration, Invitation
from rdv_insertion.messaging.models import Message
from rdv_insertion.usagers.models import Usager
from tests.factories import (
    LieuFactory,
    MotifFactory,
    OrganisationFactory,
    PlageOuvertureFactory,
    UsagerFactory,
)
from tests.imports import files
from tests.imports.conftest import states, write
from tests.imports.disk import full_disk, no_room_on_disk

Command = Callable[..., tuple[int, str, str]]


@pytest.fixture
def import_usagers(configuration: CategoryConfiguration) -> Command:
    """Run the command for the organisation of the personas: its exit code, then what it says."""

    def run(
        *arguments: object, to: str = "cd-drome", category: str = "rsa_orientation"
    ) -> tuple[int, str, str]:
        out, err = StringIO(), StringIO()
        options = ["--organisation", to, "--category", category] if to else []
        try:
            call_command(
                "import_usagers", *map(str, arguments), *options, stdout=out, stderr=err, no_color=True
            )
        except SystemExit as end:
            return int(end.code or 0), out.getvalue(), err.getvalue()
        return 0, out.getvalue(), err.getvalue()

    return run


@pytest.fixture
def drome(tmp_path: Path) -> Path:
    path = tmp_path / "allocataires.xlsx"
    path.write_bytes(files.drome())
    return path


@pytest.fixture
def contacts(tmp_path: Path) -> Path:
    path = tmp_path / "contacts.csv"
    path.write_bytes(files.contacts(separator=";", encoding="latin-1", end="\r\n"))
    return path


@pytest.fixture
def slots(configuration: CategoryConfiguration) -> None:
    motif = MotifFactory(organisation=configuration.organisation, motif_category=configuration.motif_category)
    PlageOuvertureFactory(motif=motif, lieu=LieuFactory(organisation=configuration.organisation))


def written(tmp_path: Path, content: bytes, name: str = "liste.csv") -> Path:
    path = tmp_path / name
    path.write_bytes(content)
    return path


def test_the_same_file_twice_creates_three_people_then_finds_them_unchanged(import_usagers, drome, contacts):
    first = import_usagers(drome, "--contacts", contacts, "--json")
    again = import_usagers(drome, "--contacts", contacts, "--json")
    created = '{"rows":3,"created":3,"updated":0,"unchanged":0,"duplicates":0,"errors":[],"invited":{}}\n'
    unchanged = '{"rows":3,"created":0,"updated":0,"unchanged":3,"duplicates":0,"errors":[],"invited":{}}\n'
    assert (first, again) == ((0, created, ""), (0, unchanged, ""))
    assert (Usager.objects.count(), FollowUp.objects.count()) == (3, 3)


def test_people_are_invited_by_the_channels_asked_and_messages_left_to_the_worker(
    import_usagers, drome, slots
):
    code, out, _ = import_usagers(drome, "--invite", "sms,email", "--json")
    assert (code, json.loads(out)["invited"]) == (0, {"sms": 1, "email": 1})
    assert sorted(Message.objects.values_list("channel", "status")) == [
        ("email", "created"),
        ("sms", "created"),
    ]
    assert ProcrastinateJob.objects.filter(task_name="deliver", status="todo").count() == 2


def test_only_the_channels_asked_are_in_the_summary(import_usagers, drome, slots):
    _, out, _ = import_usagers(drome, "--invite", "email", "--json")
    assert json.loads(out)["invited"] == {"email": 1}


def test_a_dry_run_says_what_would_be_and_writes_nothing(import_usagers, drome, slots):
    code, out, _ = import_usagers(drome, "--invite", "sms", "--dry-run", "--json")
    assert (code, json.loads(out)["created"], json.loads(out)["invited"]) == (0, 3, {"sms": 1})
    for model in (Usager, FollowUp, Invitation, Message, ImportRun, ColumnMapping, ProcrastinateJob):
        assert model.objects.count() == 0


def test_refused_rows_are_named_the_others_written_and_the_exit_code_is_1(import_usagers, tmp_path):
    header = ("Nom", "Prénom", "Mail", "Tél")
    path = written(
        tmp_path,
        files.csv(
            header, ("Roux", "Zoé", "z@courriel.test", ""), ("Roux", "", "", ""), ("Roy", "Al", "", "12")
        ),
    )
    code, out, _ = import_usagers(path, "--json")
    errors = json.loads(out)["errors"]
    assert (code, json.loads(out)["created"]) == (1, 1)
    assert errors[0] == {"row": 3, "message": "Il manque le prénom."}
    assert errors[1]["row"] == 4
    assert errors[1]["message"].endswith("Téléphone en D4 : ce numéro de téléphone n'existe pas.")


def test_a_doubtful_value_is_told_without_refusing_the_row(import_usagers, tmp_path):
    path = written(
        tmp_path, files.csv(("Nom", "Prénom", "Mail", "Tél"), ("Roux", "Zoé", "z@courriel.test", "12"))
    )
    code, out, _ = import_usagers(path)
    assert code == 0
    assert "1  personnes créées" in out
    assert "Ligne 2 : Téléphone en D2 : ce numéro de téléphone n'existe pas." in out


def test_one_person_on_two_rows_counts_once_as_created(import_usagers, tmp_path):
    path = written(tmp_path, files.csv(("Nom", "Prénom", "Mail"), *[("Roux", "Zoé", "z@courriel.test")] * 2))
    _, out, _ = import_usagers(path, "--json")
    assert (json.loads(out)["rows"], json.loads(out)["created"], json.loads(out)["errors"]) == (2, 1, [])


def test_possible_duplicates_are_counted_and_wait(import_usagers, organisation, tmp_path):
    UsagerFactory(organisation=organisation, last_name="Roux", first_name="Zoé")
    path = written(tmp_path, files.csv(("Nom", "Prénom", "Mail"), ("Roux", "Zoé", "z@courriel.test")))
    code, out, _ = import_usagers(path, "--json")
    assert (code, json.loads(out)["duplicates"], Usager.objects.count()) == (0, 1, 1)


def test_why_somebody_is_not_invited_is_told(import_usagers, drome, slots):
    _, out, _ = import_usagers(drome, "--invite", "sms")
    assert "Ligne 3 : Pas de téléphone mobile : ajoutez un numéro en 06 ou 07." in out


@pytest.mark.parametrize(
    ("arguments", "options", "sentence"),
    [
        (["absent.xlsx"], {}, "Le fichier absent.xlsx n'existe pas"),
        ([], {}, "Il manque le fichier."),
        (["{drome}"], {"to": ""}, "Il manque --organisation."),
        (["{drome}"], {"to": "nulle-part"}, "Aucune organisation ouverte ne s'appelle « nulle-part »."),
        (["{drome}"], {"category": "rien"}, "n'a pas de catégorie « rien »"),
        (["{drome}", "--invite", "fax"], {}, "« fax » n'est pas un canal"),
        (
            ["{drome}", "--contacts", "{drome}"],
            {},
            "Fichier de contacts : Ce n'est pas un fichier de contacts",
        ),
    ],
)
def test_what_cannot_be_used_is_said_in_french_with_exit_code_2(
    import_usagers, drome, arguments: list[str], options: dict[str, str], sentence: str
):
    code, out, err = import_usagers(*[text.format(drome=drome) for text in arguments], "--json", **options)
    assert (code, out) == (2, "")
    assert sentence in err
    assert (Usager.objects.count(), ImportRun.objects.count()) == (0, 0)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "vide"),
        (b"%PDF-1.4", "un document PDF"),
        (files.csv(("Nom", "Mail", "Mail"), ("A", "a@b.fr", "")), "Aucune colonne ne donne : Prénom"),
        (files.csv(("Nom", "Prénom", "Mail", "MAIL"), ("A", "B", "a@b.fr", "")), "C « Mail » et D « MAIL »"),
        (b"Une colonne\nA\n", "pas d'en-tête utilisable"),
    ],
)
def test_an_unusable_file_leaves_nothing_behind(import_usagers, tmp_path, content: bytes, sentence: str):
    code, _, err = import_usagers(written(tmp_path, content))
    assert code == 2
    assert sentence in err
    assert (ImportRun.objects.count(), ColumnMapping.objects.count()) == (0, 0)


def test_a_file_of_60_megabytes_is_refused_without_being_read(import_usagers, tmp_path):
    path = tmp_path / "enorme.csv"
    with path.open("wb") as sparse:
        sparse.truncate(60 * 1024 * 1024)
    code, _, err = import_usagers(path)
    assert (code, err) == (
        2, "enorme.csv : Ce fichier pèse 60 Mo. La limite est de 20 Mo : découpez-le en plusieurs.\n",
    )  # fmt: skip


def test_a_channel_that_the_category_does_not_use_is_refused(import_usagers, configuration, drome):
    configuration.channels = ["email"]
    configuration.save()
    code, _, err = import_usagers(drome, "--invite", "sms")
    assert (code, err) == (2, "Le canal « sms » n'est pas activé pour cette catégorie.\n")


def test_an_option_that_does_not_exist_is_said_in_french(import_usagers, drome, capsys):
    code, out, _ = import_usagers(drome, "--nimporte-quoi")
    assert (code, out) == (2, "")
    assert capsys.readouterr().err.startswith("Ces options ne se comprennent pas.\nusage: ")


PEOPLE = (("Nom", "Prénom", "Mail"), ("Roux", "Zoé", "z@courriel.test"))


@pytest.fixture
def people(tmp_path: Path) -> Path:
    return written(tmp_path, files.csv(*PEOPLE))


def test_the_command_and_the_page_do_the_same(import_usagers, drome, contacts, previewed):
    page = write(previewed(drome.read_bytes(), contacts=contacts.read_bytes()))
    known = [one.content.as_json() for one in page.rows.all()], states(page)
    Usager.objects.all().delete()
    import_usagers(drome, "--contacts", contacts)
    command = ImportRun.objects.get(origin=Origin.COMMAND)
    assert ([one.content.as_json() for one in command.rows.all()], states(command)) == known
    assert (command.fingerprint, command.columns) == (page.fingerprint, page.columns)


@pytest.mark.parametrize(
    ("format_", "content", "sentence"),
    [
        ("csv", files.drome(), "c'est un classeur, pas un texte en colonnes (CSV)"),
        ("classeur", files.csv(*PEOPLE), "c'est un texte en colonnes (CSV), pas un classeur"),
        ("flux", files.csv(*PEOPLE), "pas un flux de la CNAF"),
        ("classeur", files.flow(), "c'est un flux de la CNAF, pas un classeur"),
    ],
)
def test_a_file_of_another_format_than_the_one_expected_is_refused(
    import_usagers, tmp_path, format_: str, content: bytes, sentence: str
):
    code, _, err = import_usagers(written(tmp_path, content), "--format", format_)
    assert (code, ImportRun.objects.count()) == (2, 0)
    assert sentence in err


@pytest.mark.parametrize(
    ("format_", "content"),
    [("csv", files.csv(*PEOPLE)), ("classeur", files.drome()), ("flux", files.flow())],
)
def test_a_file_of_the_format_expected_is_imported(import_usagers, tmp_path, format_: str, content: bytes):
    assert import_usagers(written(tmp_path, content), "--format", format_)[0] == 0
    assert Usager.objects.exists()


def test_a_flow_is_imported_whatever_its_size(import_usagers, tmp_path):
    households = [
        files.flow_household(
            files.flow_person(last_name=f"Nom{number}", nir=""), matricule=f"{1_000_000 + number}00000000"
        )
        + " " * (MAX_BYTES // 40)
        for number in range(41)
    ]
    path = written(tmp_path, files.flow(*households, kind="I"), "flux.xml")
    code, out, _ = import_usagers(path, "--json")
    assert (path.stat().st_size > MAX_BYTES, code, json.loads(out)["created"]) == (True, 0, 41)


@pytest.mark.parametrize("as_file", [True, False])
def test_columns_may_be_told_by_title_or_letter(import_usagers, tmp_path, as_file: bool):
    path = written(tmp_path, files.csv(("Qui", "Lequel", "Mail", "Autre"), ("Roux", "Zoé", "z@a.test", "x")))
    mapping = json.dumps({"qui": "last_name", "B": "first_name", "Mail": "email", "Autre": None})
    if as_file:
        (tmp_path / "colonnes.json").write_text(mapping)
        mapping = str(tmp_path / "colonnes.json")
    assert import_usagers(path, "--mapping", mapping)[0] == 0
    assert Usager.objects.values_list("last_name", "first_name", "email").get() == ("Roux", "Zoé", "z@a.test")


def test_what_a_mapping_does_not_name_is_left_out(import_usagers, people):
    import_usagers(
        people, "--mapping", '{"Nom": "last_name", "Prénom": "first_name", "Mail": "department_internal_id"}'
    )
    assert Usager.objects.values_list("email", "department_internal_id").get() == (None, "z@courriel.test")


def test_a_mapping_is_remembered_for_the_next_file_of_these_titles(import_usagers, tmp_path):
    header = ("Qui", "Lequel", "Mail")
    mapping = '{"A": "last_name", "B": "first_name", "C": "email"}'
    import_usagers(written(tmp_path, files.csv(header, ("Roux", "Zoé", "z@a.test"))), "--mapping", mapping)
    code, out, _ = import_usagers(written(tmp_path, files.csv(header, ("Roy", "Al", "al@a.test"))), "--json")
    assert (code, json.loads(out)["created"]) == (0, 1)


@pytest.mark.parametrize(
    ("mapping", "sentence"),
    [
        ("absent.json", "La correspondance absent.json n'existe pas"),
        ("{", "doit être un objet JSON"),
        ("[1]", "doit être un objet JSON"),
        ('{"Nom": 3}', "doit être un objet JSON"),
        ('{"Nom": "nom_de_famille"}', "« nom_de_famille » n'est pas ce qu'une colonne peut donner"),
        (
            '{"Taille": "last_name"}',
            "Aucune colonne ne s'appelle « Taille ». Colonnes du fichier : A « Nom »",
        ),
        ('{"Nom": "last_name", "A": "first_name"}', "« Nom » et « A » désignent la même colonne A"),
        ('{"Nom": "last_name"}', "Aucune colonne ne donne : Prénom"),
    ],
)
def test_a_mapping_that_makes_no_sense_is_said_in_french(import_usagers, people, mapping: str, sentence: str):
    code, out, err = import_usagers(people, "--mapping", mapping)
    assert (code, out, ImportRun.objects.count(), ColumnMapping.objects.count()) == (2, "", 0, 0)
    assert sentence in err


def test_two_columns_of_one_title_are_told_apart_by_their_letters(import_usagers, tmp_path):
    path = written(tmp_path, files.csv(("Nom", "Prénom", "Mail", "Mail"), ("Roux", "Zoé", "", "z@a.test")))
    who = '"Nom": "last_name", "Prénom": "first_name"'
    assert "(C et D)" in import_usagers(path, "--mapping", f'{{{who}, "Mail": "email"}}')[2]
    assert import_usagers(path, "--mapping", f'{{{who}, "D": "email"}}')[0] == 0
    assert Usager.objects.get().email == "z@a.test"


def test_the_sheet_and_the_row_of_titles_may_be_told(import_usagers, tmp_path):
    other = [("Notes", "", ""), ("Nom", "Prénom", "Mail"), ("Ignoré", "Ignoré", "i@a.test"), *PEOPLE]
    path = written(tmp_path, files.xlsx([*PEOPLE], other), "liste.xlsx")
    assert import_usagers(path, "--sheet", "Sheet2", "--header-row", 4)[0] == 0
    assert [one.last_name for one in Usager.objects.all()] == ["Roux"]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--sheet", "Absente"], "pas de feuille « Absente ». C'est un tableau seul : retirez --sheet."),
        (["--header-row", "9"], "La ligne de titres 9 n'existe pas : ce tableau a 2 lignes."),
        (["--header-row", "0"], "La ligne de titres 0 n'existe pas"),
        (["--header-row", "-4"], "La ligne de titres -4 n'existe pas"),
    ],
)
def test_a_sheet_or_a_row_that_the_file_does_not_have_is_said(import_usagers, people, arguments, sentence):
    code, _, err = import_usagers(people, *arguments)
    assert (code, ImportRun.objects.count()) == (2, 0)
    assert sentence in err


def test_the_columns_of_a_flow_are_not_told(import_usagers, tmp_path):
    path = written(tmp_path, files.flow(), "flux.xml")
    code, _, err = import_usagers(path, "--mapping", '{"A": "last_name"}')
    assert (code, ImportRun.objects.count()) == (2, 0)
    assert "ses colonnes sont connues" in err


def test_possible_duplicates_may_be_written_as_other_people(import_usagers, organisation, people):
    UsagerFactory(organisation=organisation, last_name="Roux", first_name="Zoé")
    _, out, _ = import_usagers(people, "--decide", "create", "--json")
    assert (json.loads(out)["created"], json.loads(out)["duplicates"], Usager.objects.count()) == (1, 0, 2)


def test_people_may_go_to_the_organisation_of_their_address(import_usagers, organisation, tmp_path):
    die = OrganisationFactory(department=organisation.department, name="Diois", slug="diois")
    sector = sectors.save_sector(department=organisation.department, name="Die", human_id="die")
    sectors.add_zone(sector=sector, place=sectors.Place("26113"))
    sectors.attribute(sector=sector, organisation=die)
    header = ("Nom", "Prénom", "Mail", "Adresse", "CP Ville")
    path = written(tmp_path, files.csv(header, ("Roux", "Zoé", "z@a.test", "2 rue du Viaduc", "26150 Die")))
    assert import_usagers(path, "--routing", "address")[0] == 0
    assert list(Usager.objects.get().organisations.all()) == [die]


def test_a_report_says_each_row(import_usagers, people, tmp_path):
    report = tmp_path / "rapport.xlsx"
    code, out, _ = import_usagers(people, "--report", report)
    assert (code, f"Rapport : {report}" in out) == (0, True)
    rows = CalamineWorkbook.from_path(str(report)).get_sheet_by_name("Lignes").to_python()
    assert (len(rows), rows[1][0], rows[1][3]) == (2, 2, "Roux")


def test_a_dry_run_has_its_report_too(import_usagers, people, tmp_path):
    report = tmp_path / "rapport.xlsx"
    import_usagers(people, "--report", report, "--dry-run")
    assert (report.exists(), ImportRun.objects.count()) == (True, 0)


def test_a_report_that_could_not_be_written_is_refused_at_once(import_usagers, people, tmp_path):
    code, _, err = import_usagers(people, "--report", tmp_path / "absent" / "rapport.xlsx")
    assert (code, ImportRun.objects.count()) == (2, 0)
    assert "Le rapport ne peut pas être écrit" in err


@full_disk
def test_a_disk_that_fills_up_under_the_report_does_not_lose_the_import(import_usagers, people, tmp_path):
    report = tmp_path / "rapport.xlsx"
    with no_room_on_disk():
        code, out, err = import_usagers(people, "--report", report)
    assert (code, Usager.objects.count(), report.exists()) == (1, 1, False)
    assert "n'a pas pu être écrit. Le reste est fait." in err
    assert "Rapport :" not in out


def test_the_run_says_that_it_came_by_the_command(import_usagers, people):
    import_usagers(people)
    assert ImportRun.objects.get().origin == Origin.COMMAND
