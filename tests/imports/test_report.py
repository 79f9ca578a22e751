"""The report: a line a row, in words, without formula and without NIR."""

from datetime import timedelta
from io import BytesIO
from zipfile import ZipFile

import pytest
from django.utils import timezone
from python_calamine import load_workbook

from rdv_insertion.imports import run as runner
from rdv_insertion.imports import services
from rdv_insertion.imports.enums import RowState
from rdv_insertion.imports.models import ImportRun
from rdv_insertion.imports.report import report_name, write_report
from rdv_insertion.messaging.enums import MessageStatus
from rdv_insertion.messaging.models import Message
from tests.factories import OrganisationFactory, UsagerFactory, valid_nir
from tests.imports import files
from tests.imports.conftest import Previewed, write


def written_file(run: ImportRun) -> bytes:
    buffer = BytesIO()
    write_report(ImportRun.objects.get(pk=run.pk), buffer, now=timezone.now())
    return buffer.getvalue()


def lines(run: ImportRun) -> list[dict[str, object]]:
    """The lines of the second sheet, by title."""
    sheet = load_workbook(BytesIO(written_file(run))).get_sheet_by_name("Lignes").to_python()
    titles = sheet[0]
    return [dict(zip(titles, cells, strict=True)) for cells in sheet[1:]]


def summary(run: ImportRun) -> dict[str, object]:
    sheet = load_workbook(BytesIO(written_file(run))).get_sheet_by_name("Résumé").to_python()
    return {line[0].strip(): line[1] for line in sheet}


def listed(*rows: str, header: str = "Nom;Prénom;Mail;Téléphone;Date de naissance;NIR") -> bytes:
    return "\n".join([header, *rows, ""]).encode()


def test_a_line_says_who_and_what_would_become_of_them(previewed: Previewed, organisation):
    run = previewed(listed("Roux;Zoé;zoe@courriel.test;0601020304;03/04/1985;"))
    (line,) = lines(run)
    assert (line["Ligne"], line["État"], line["Organisation"]) == (2, "À créer", organisation.name)
    assert (line["Nom"], line["Prénom"], line["Adresse mail"]) == ("Roux", "Zoé", "zoe@courriel.test")
    assert str(line["Date de naissance"]).startswith("1985-04-03")
    assert line["Téléphone"] == "06 01 02 03 04"


def test_what_would_change_of_a_known_person_is_named(previewed: Previewed, organisation):
    UsagerFactory(
        organisation=organisation, last_name="Nom0", first_name="Prenom0", department_internal_id="ID0"
    )
    (line,) = lines(previewed(files.people(1)))
    assert (line["État"], line["Ce qui changerait"]) == ("À mettre à jour", "Adresse mail")


def test_a_refused_cell_is_shown_with_its_text_and_its_reason(previewed: Previewed):
    (line,) = lines(previewed(listed("Roux;Zoé;zoe@courriel.test;06 01;31/02/1985;")))
    assert "Téléphone « 06 01 » :" in str(line["Valeurs refusées"])
    assert "Date de naissance « 31/02/1985 » :" in str(line["Valeurs refusées"])


def test_a_row_left_alone_says_why(previewed: Previewed):
    run = previewed(listed("A;Zoé;a@x.test;;;", "B;Zoé;b@x.test;;;", "C;;c@x.test;;;"))
    run.rows.filter(number=2).update(selected=False)
    run.rows.filter(number=3).update(selected=False, rights_ended=True)
    told = lines(write(run))
    assert [line["État"] for line in told] == [
        "Laissé de côté",
        "Laissé de côté : droits fermés",
        "En erreur",
    ]
    assert "Il manque le prénom." in str(told[2]["Remarques"])


@pytest.mark.parametrize(
    ("state", "changes", "words"),
    [
        (RowState.DUPLICATE, {"decision": "later"}, "Doublon possible : à décider"),
        (RowState.DUPLICATE, {"decision": "different"}, "Doublon possible : c'est une autre personne"),
        (RowState.MERGED, {"same_as": 7}, "Même personne que la ligne 7"),
        (RowState.UNASSIGNED, {"organisation": None}, "Organisation à choisir"),
        (RowState.UNDONE, {}, "Création annulée"),
    ],
)
def test_every_state_has_its_words(previewed: Previewed, state: str, changes: dict[str, object], words: str):
    run = previewed(files.people(1))
    run.rows.update(state=state, **changes)
    assert lines(run)[0]["État"] == words


@pytest.mark.parametrize("typed", ["=1+1", "=cmd|' /C calc'!A0", "+33+1", "-2+3", "@SUM(1)", "http://x.test"])
def test_nothing_typed_becomes_a_formula_nor_a_link(previewed: Previewed, typed: str):
    run = previewed(listed(f"{typed};Zoé;zoe@courriel.test;;;"))
    with ZipFile(BytesIO(written_file(run))) as archive:
        xml = b"".join(archive.read(name) for name in archive.namelist() if "worksheets" in name)
    assert b"<f>" not in xml
    assert b"<hyperlink" not in xml


def test_no_nir_leaves_wherever_it_was_typed(previewed: Previewed):
    nir = valid_nir(7)
    spaced = f"{nir[0]} {nir[1:3]} {nir[3:5]} {nir[5:7]} {nir[7:10]} {nir[10:13]} {nir[13:]}"
    header = "Nom;Prénom;Mail;NIR;id iodas;Adresse;Téléphone;Numéro CAF"
    run = previewed(
        listed(
            f"Roux;Zoé;zoe@courriel.test;{nir};;;;",
            f"Blanc;Ana;ana@courriel.test;{nir[:-1]}9;{nir};{spaced} rue;{nir};{nir[:13]}",
            header=header,
        )
    )
    with ZipFile(BytesIO(written_file(run))) as archive:
        text = b"".join(archive.read(name) for name in archive.namelist()).decode()
    assert nir[:13] not in text
    assert spaced[:-3] not in text
    assert "(NIR non affiché)" in text


def test_the_internal_identifier_is_only_told_to_who_may_hold_it(previewed: Previewed, department, category):
    siae = OrganisationFactory(department=department, organisation_type="siae")
    here, there = previewed(files.people(1)), previewed(files.people(1, first=9), organisation=siae)
    assert lines(here)[0]["Identifiant interne"] == "ID0"
    assert "Identifiant interne" not in lines(there)[0]


def test_what_became_of_the_invitations_is_told_by_channel(previewed: Previewed, configuration):
    run = write(previewed(files.people(2)))
    services.start_inviting(
        run=run, channels=["sms", "email"], even_without_slots=True, now=timezone.now(), in_background=False
    )
    runner.invite(run, now=timezone.now())
    Message.objects.filter(usager=run.rows.get(number=3).usager).update(
        status=MessageStatus.PERMANENT_FAILURE, failure="La boîte n'existe pas."
    )
    first, second = lines(run)
    assert first["Invitation par mail"] == "En attente d'envoi"
    assert second["Invitation par mail"] == "Non distribué : La boîte n'existe pas."
    assert str(first["Invitation par SMS"]).startswith("Pas invité : Pas de téléphone mobile")


def test_without_a_category_there_is_nothing_about_invitations(previewed: Previewed):
    assert not [title for title in lines(previewed(files.people(1), category=None))[0] if "Invit" in title]


def test_the_summary_says_who_when_which_file_and_the_counts(previewed: Previewed, organisation):
    run = previewed(files.people(3))
    told = summary(run)
    assert told["Ce rapport dit"] == "ce qui serait fait : rien n'est enregistré."
    assert (told["Fichier"], told["Empreinte du fichier (SHA-256)"]) == ("liste.csv", run.fingerprint)
    assert (told["Organisation"], told["Lignes"], told["À créer"]) == (organisation.name, 3, 3)
    assert summary(write(run))["Créé"] == 3


def test_titles_stay_in_view_and_are_filters(previewed: Previewed):
    with ZipFile(BytesIO(written_file(previewed(files.people(2))))) as archive:
        sheet = archive.read("xl/worksheets/sheet2.xml").decode()
    assert 'state="frozen"' in sheet
    assert '<autoFilter ref="A1:Q3"/>' in sheet


def test_an_empty_import_still_has_its_titles(previewed: Previewed):
    run = previewed(files.people(1))
    run.rows.all().delete()
    assert lines(run) == []


def test_rows_beyond_a_block_are_all_there_in_order(previewed: Previewed, monkeypatch):
    monkeypatch.setattr("rdv_insertion.imports.report._BLOCK", 2)
    assert [line["Ligne"] for line in lines(previewed(files.people(5)))] == [2, 3, 4, 5, 6]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("liste mars.xlsx", "rapport-liste-mars.xlsx"),
        ("../../etc/passwd", "rapport-passwd.xlsx"),
        ("«»", "rapport-import.xlsx"),
    ],
)
def test_the_report_is_named_after_the_file(name: str, expected: str):
    assert report_name(ImportRun(file_name=name, created_at=timezone.now() - timedelta(days=1))) == expected
