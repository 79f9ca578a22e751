"""Every title seen in the field, by the file that has it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rdv_insertion.imports.columns import FIELD_LABELS, attribute_named, guess
from rdv_insertion.imports.columns.names import Names, names_of
from rdv_insertion.imports.read import TITLES
from rdv_insertion.territory.enums import OrganisationType
from tests.imports import files
from tests.imports.test_columns import header

# What departments write, beside the two files of files.py, and the elements of the CNAF flow.
SEEN = {
    "title": ["Civ.", "QUAL", "M./Mme", "Qualité", "TYPE PERSONNE"],
    "last_name": ["NOM", "Nom de famille", "Nom de l'allocataire", "Nom usuel", "nom_bénéficiaire", "NOM *"],
    "first_name": ["PRENOM", "Prénom(s)", "Prénom de l'usager", "1er prénom", "Prénom (obligatoire)"],
    "birth_name": ["NOMNAI", "Nom de jeune fille", "Nom Naiss.", "Nom de naissance du bénéficiaire"],
    "birth_date": ["DTNAI", "Né(e) le", "Date naiss.", "Date de naissance (jj/mm/aaaa)", "DDN"],
    "role": ["ROLEPERS", "DEM/CJT", "Rôle dans le foyer", "Rôle du bénéficiaire"],
    "affiliation_number": ["MATRICULE", "N° d'allocataire", "CAF/MSA", "N° allocataire CAF", "N° MSA"],
    "nir": ["NIR", "N° sécu", "N°SS", "Numéro de sécurité sociale de l'usager", "N° de Sécu. Sociale"],
    "department_internal_id": ["ID Iodas", "N° Solis", "ID interne au département", "Identifiant éditeur"],
    "france_travail_id": ["ID FT", "IDASSEDIC", "N° demandeur d'emploi", "Identifiant Pôle emploi"],
    "email": ["E-mail", "Courriel", "ADRESSE ELECTRONIQUE DOSSIER", "Mail bénéficiaire", "Adresse e-mail"],
    "phone_number": ["Tél.", "Tel portable", "N° de téléphone", "GSM", "Téléphone de l'allocataire"],
    "address": ["NUMVOIE", "LIBTYPEVOIE", "NOMVOIE", "N° et rue", "Adresse postale", "address_first_field"],
    "address_complement": ["COMPLIDEADR", "COMPLADR", "LIEUDIST", "Complément d'adresse", "Bâtiment"],
    "postcode_and_town": ["CODEPOS", "NOMCOM", "CP", "Ville", "Commune de résidence", "CP/Ville"],
    "rights_opening_date": ["Date d'entrée flux", "DTORIDEMRSA", "DDNATDRO", "Date ouverture droits RSA"],
    "tags": ["Tags", "Étiquettes"],
    "referent_email": ["Mail du référent", "referent_email", "Adresse mail référent"],
    "organisation": ["Structure référente", "organisation_search_terms", "Organisme", "Structure"],
    "rights_end_date": ["Fin de droits", "DTCLORSA", "Date de radiation", "Date de fin de RSA"],
}  # fmt: skip
# Elements of the flow and titles of lists that say nothing of what an import keeps, or that would mislead.
IGNORED = (
    "NUMCOM", "NOMCOMNAI", "TYPEDTNAI", "DTDEMRSA", "NUMDEMRSA", "DDRATDOS", "ETATDOSRSA",
    "NATPREST", "SITFAM", "Commune de naissance", "Ville de naissance", "Code INSEE", "Nom du conjoint",
    "Prénom du conjoint", "Téléphone du conjoint", "Nom du référent", "Nombre d'enfants", "N°", "Date du rdv",
    "Lieu du rdv", "Statut", "Observations", "PE", "RSA", "Nom et prénom", "sheet_name", "",
)  # fmt: skip


@pytest.mark.parametrize(
    ("attribute", "title"), [(name, title) for name, all_ in SEEN.items() for title in all_]
)
def test_a_title_of_the_field_is_recognised(attribute: str, title: str):
    assert attribute_named(title) == attribute


def test_every_attribute_of_an_import_has_titles_seen_in_the_field():
    assert SEEN.keys() == FIELD_LABELS.keys()


@pytest.mark.parametrize("title", IGNORED)
def test_a_title_that_says_nothing_of_the_person_is_ignored(title: str):
    assert attribute_named(title) == ""


@pytest.mark.parametrize("attribute", FIELD_LABELS)
def test_the_words_of_the_screen_and_of_the_code_are_recognised_in_a_file(attribute: str):
    assert attribute_named(FIELD_LABELS[attribute]) == attribute
    assert attribute_named(attribute) == attribute


def test_no_title_means_two_things():
    names = [name for attribute in FIELD_LABELS for name in names_of(attribute)]
    assert [name for name in names if names.count(name) > 1] == []


def test_the_most_usual_title_is_the_one_without_more_words():
    meaning = Names(FIELD_LABELS).meaning
    assert meaning("Téléphone")[1] < meaning("Téléphone portable")[1] < meaning("Téléphone fixe")[1]
    assert meaning("Tel portable")[1] < meaning("Téléphone mobile de l'usager")[1]


def test_a_mobile_is_preferred_to_a_home_phone():
    columns = guess(
        header("Nom", "Prénom", "Tél. fixe", "Tél. portable"), OrganisationType.CONSEIL_DEPARTEMENTAL
    )
    assert columns == ["last_name", "first_name", "", "phone_number"]


def test_the_titles_given_to_a_flow_are_recognised_but_for_the_date_of_the_request():
    columns = guess(header(*TITLES), OrganisationType.CONSEIL_DEPARTEMENTAL)
    assert [title for title, attribute in zip(TITLES, columns, strict=True) if not attribute] == [
        "Date de demande du RSA"
    ]


@pytest.mark.parametrize("titles", [files.DROME_HEADER, files.CONTACTS_HEADER])
def test_the_files_of_the_field_give_each_thing_once(titles):
    columns = [name for name in guess(header(*titles), OrganisationType.CONSEIL_DEPARTEMENTAL) if name]
    assert sorted(set(columns)) == sorted(columns)


@given(st.text())
def test_any_title_whatever_gets_an_answer(title: str):
    assert attribute_named(title) in {*FIELD_LABELS, ""}
