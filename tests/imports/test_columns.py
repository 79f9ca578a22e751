"""What columns mean, from the names that departments give them."""

import pytest

from rdv_insertion.imports.columns import (
    attribute_named,
    check,
    column_letter,
    find_header,
    guess,
    header_at,
    offered_fields,
)
from rdv_insertion.imports.read import Table, UnreadableFile
from rdv_insertion.territory.enums import OrganisationType
from tests.imports import files

CD, SIAE = OrganisationType.CONSEIL_DEPARTEMENTAL, OrganisationType.SIAE


def header(*names: str):
    return find_header([Table([list(names)])])[1]


def test_the_29_columns_of_a_department_are_recognised_or_ignored():
    recognised = {
        "N° CAF": "affiliation_number",
        "Civilité": "title",
        "Nom bénéficiaire": "last_name",
        "Prénom bénéficiaire": "first_name",
        "Date de\nNaissance": "birth_date",
        "Adresse": "address",
        "CP Ville": "postcode_and_town",
        "Complément adresse": "address_complement",
        "Rôle": "role",
        "Adresses\nMails": "email",
        "N°\nTéléphones": "phone_number",
        "id iodas": "department_internal_id",
    }
    guessed = guess(header(*files.DROME_HEADER), CD)
    assert len(guessed) == 29
    assert dict(zip(files.DROME_HEADER, guessed, strict=True)) == {
        title: recognised.get(title, "") for title in files.DROME_HEADER
    }


def test_a_contact_file_given_as_a_list_is_recognised_too():
    guessed = dict(zip(files.CONTACTS_HEADER, guess(header(*files.CONTACTS_HEADER), CD), strict=True))
    assert {title: attribute for title, attribute in guessed.items() if attribute} == {
        "MATRICULE": "affiliation_number",
        "ROLE PERSONNE": "role",
        "TYPE PERSONNE": "title",
        "NIR": "nir",
        "DATE DEBUT DROITS - DEVOIRS": "rights_opening_date",
        "NOM RESPONSABLE DOSSIER": "last_name",
        "PRENOM RESPONSABLE DOSSIER": "first_name",
        "NUMERO TELEPHONE DOSSIER": "phone_number",
        "ADRESSE ELECTRONIQUE DOSSIER": "email",
    }


@pytest.mark.parametrize(
    "name",
    [
        "N° CAF",
        "n°caf",
        "Nº CAF",
        "№ CAF",
        "No CAF",
        "N. CAF",
        "Num. CAF",
        "NUMÉRO\n  CAF",
        "numero caf",
        "CAF",
    ],
)
def test_the_ways_of_writing_number_accents_case_and_line_breaks_do_not_count(name: str):
    assert attribute_named(name) == "affiliation_number"


@pytest.mark.parametrize(
    ("name", "attribute"),
    [
        ("Né(e) le", "birth_date"),
        ("DTNAI", "birth_date"),
        ("E-mail", "email"),
        ("Téléphone portable", "phone_number"),
        ("N° sécu", "nir"),
        ("NOMNAI", "birth_name"),
        ("Identifiant Pôle emploi", "france_travail_id"),
        ("Adresse mail du référent", "referent_email"),
        ("last_name", "last_name"),
        ("Nombre d'enfants", ""),
        ("PE", ""),
        ("", ""),
    ],
)
def test_usual_names_are_recognised_and_others_are_not(name: str, attribute: str):
    assert attribute_named(name) == attribute


def test_the_header_is_found_below_a_title_and_in_the_sheet_that_has_one():
    note = Table([["Lisez-moi", "Mode d'emploi"]], "Notes")
    people = Table(
        [["Liste de mars", "", ""], ["", "", ""], ["Nom", "Prénom", "Mail"], ["A", "B", "c@d.fr"]], "Liste"
    )
    table, found = find_header([note, people])
    assert (table.sheet, found.row, found.names) == ("Liste", 2, ["Nom", "Prénom", "Mail"])


def test_of_several_rows_of_titles_the_one_that_says_most_is_the_header():
    rows = [
        ["Personne", "", "", "Contact", ""],
        ["Nom", "Prénom", "", "", ""],
        ["Nom", "Prénom", "Né(e) le", "Mail", "Téléphone"],
        ["Roux", "Zoé", "", "", ""],
    ]
    assert find_header([Table(rows)])[1].row == 2


def test_titles_merged_over_two_rows_are_read_together():
    rows = [
        ["Liste de mars 2026", "", "", "", ""],
        ["N° CAF", "Identité", "", "Mail", "Divers"],
        ["", "Nom", "Prénom", "", ""],
        ["1234567", "Roux", "Zoé", "z@courriel.test", ""],
    ]
    _, found = find_header([Table(rows)])
    assert (found.row, found.names) == (2, ["N° CAF", "Nom", "Prénom", "Mail", ""])


def test_a_row_of_people_with_blanks_is_not_taken_for_the_titles_above_it():
    rows = [["Nom", "Prénom", "Mail"], ["", "", "a@b.fr"], ["Roux", "", ""]]
    assert find_header([Table(rows)])[1].row == 0


def test_a_title_above_that_is_not_that_of_a_column_is_not_taken():
    assert header_at([["Liste de mars", "Mail"], ["", "Nom"]], 1).names == ["", "Nom"]


def test_a_sheet_with_both_names_is_preferred_to_an_earlier_one_with_one():
    services = Table([["Nom", "Téléphone"], ["Accueil", "04 75 00 00 00"]], "Services")
    people = Table([["Nom", "Prénom"], ["Roux", "Zoé"]], "Allocataires")
    assert find_header([services, people])[0].sheet == "Allocataires"


def test_a_sheet_that_names_people_by_one_column_is_preferred_to_one_that_does_not():
    notes = Table([["Lisez-moi", "Important"]], "Notes")
    people = Table([["Nom", "Mail"], ["Roux", "z@courriel.test"]], "Liste")
    assert find_header([notes, people])[0].sheet == "Liste"


def test_without_any_known_title_the_first_row_with_several_cells_is_proposed():
    table, found = find_header([Table([["Liste", ""], ["Col1", "Col2"], ["A", "B"]])])
    assert (found.row, guess(found, CD)) == (1, ["", ""])


def test_a_file_without_two_titles_on_one_row_has_no_usable_header():
    with pytest.raises(UnreadableFile, match="pas d'en-tête utilisable"):
        find_header([Table([["Une seule colonne"], ["A"]])])


def test_two_headers_that_differ_by_accents_and_line_breaks_are_one():
    assert header("Prénom", "N°\nCAF").fingerprint == header("PRENOM ", "numéro caf").fingerprint
    assert header("Prénom", "N° CAF").fingerprint != header("Prénom", "Nom").fingerprint


def test_of_two_names_for_one_thing_the_most_usual_is_taken():
    assert guess(header("Nom d'usage", "Nom", "Prénom", "Sexe", "Civilité"), CD) == [
        "", "last_name", "first_name", "", "title",
    ]  # fmt: skip


def test_what_the_organisation_may_not_hold_is_neither_guessed_nor_offered():
    names = ("Nom", "Prénom", "NIR", "id iodas")
    assert guess(header(*names), SIAE) == ["last_name", "first_name", "", ""]
    assert {"nir", "department_internal_id"} & offered_fields(SIAE).keys() == set()
    assert "nir" in offered_fields(CD)


def test_two_identical_columns_are_refused_with_their_letters_and_titles():
    found = header("Nom", "Prénom", "Mail", "MAIL")
    with pytest.raises(
        UnreadableFile, match="2 colonnes donnent « Adresse mail » : C « Mail » et D « MAIL »"
    ):
        check(found, guess(found, CD))


def test_an_address_may_be_spread_over_several_columns():
    found = header("Nom", "Prénom", "Adresse", "Code postal", "Ville")
    check(found, guess(found, CD))
    assert guess(found, CD)[-2:] == ["postcode_and_town", "postcode_and_town"]


def test_a_file_without_names_says_which_column_is_missing():
    found = header("Nom", "Mail")
    with pytest.raises(UnreadableFile, match="Aucune colonne ne donne : Prénom.*la ligne 1 du fichier"):
        check(found, guess(found, CD))


def test_names_in_one_column_are_told_with_what_to_do():
    found = header("Nom et prénom", "Mail", "Téléphone")
    with pytest.raises(
        UnreadableFile, match="La colonne A « Nom et prénom » semble donner les deux.*séparez-les"
    ):
        check(found, guess(found, CD))


def test_blank_columns_and_those_that_nothing_names_are_ignored():
    found = header("Nom", "", "Prénom", "", "Observations", "Observations")
    assert guess(found, CD) == ["last_name", "", "first_name", "", "", ""]
    check(found, guess(found, CD))


def test_an_organisation_and_an_end_of_rights_are_columns_too():
    found = header("Nom", "Prénom", "Structure référente", "Date de fin de droits")
    assert guess(found, CD)[2:] == ["organisation", "rights_end_date"]


def test_columns_are_named_as_spreadsheets_name_them():
    assert [column_letter(place) for place in (0, 25, 26, 27, 701, 702)] == [
        "A",
        "Z",
        "AA",
        "AB",
        "ZZ",
        "AAA",
    ]


def test_titles_are_found_on_a_later_sheet_even_when_none_names_people():
    notes = Table([["Notes"]], "Notes")
    people = Table(
        [["Entrants"], [], ["Dénomination", "Appelé", "Tél", "Né(e) le"], ["Roux", "Zoé", "", ""]], "B"
    )
    table, header = find_header([notes, people])
    assert (table.sheet, header.row) == ("B", 2)
