"""`manage.py import_usagers`: the import without a browser."""

import json
from collections.abc import Callable
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from procrastinate.contrib.django.models import ProcrastinateJob

from rdv_insertion.followups.models import FollowUp
from rdv_insertion.imports.models import ColumnMapping, ImportRun
from rdv_insertion.invitations.models import CategoryConfiguration, Invitation
from rdv_insertion.messaging.models import Message
from rdv_insertion.usagers.models import Usager
from tests.factories import LieuFactory, MotifFactory, PlageOuvertureFactory, UsagerFactory
from tests.imports import files

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
