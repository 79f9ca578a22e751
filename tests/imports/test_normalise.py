"""From a row's texts to a person, with what was refused."""

from datetime import date

from rdv_insertion.imports.normalise import NormalisedRow, normalise_row
from rdv_insertion.usagers.identity import Identity
from tests.factories import valid_nir

TODAY = date(2026, 3, 3)


def normalised(**cells: str) -> NormalisedRow:
    return normalise_row(4, list(cells.values()), list(cells), today=TODAY)


def test_values_are_typed():
    row = normalised(title="Mme", last_name=" Delaunay ", first_name="Marine", birth_date="3/04/1985",
                     phone_number="782605940", email="Marine@Courriel.test", role="DEM")  # fmt: skip
    assert row.identity == Identity(
        title="madame",
        last_name="Delaunay",
        first_name="Marine",
        birth_date=date(1985, 4, 3),
        phone_number="+33782605940",
        email="marine@courriel.test",
        role="demandeur",
    )
    assert row.problems == []


def test_a_refused_value_is_left_out_and_told_with_its_cell_and_text():
    row = normalised(last_name="Delaunay", phone_number="12345")
    assert row.identity == Identity(last_name="Delaunay")
    assert [problem.as_json() for problem in row.problems] == [
        {
            "cell": "B4",
            "attribute": "phone_number",
            "raw": "12345",
            "sentence": "ce numéro de téléphone n'existe pas",
            "label": "Téléphone",
        }
    ]


def test_a_refused_nir_is_told_without_its_digits():
    (problem,) = normalised(last_name="Delaunay", nir="299999999999999").problems
    assert problem.raw == ""
    assert "2999" not in problem.sentence


def test_a_nir_that_contradicts_the_title_is_a_doubt_and_is_kept():
    nir = valid_nir(1)
    row = normalised(last_name="Delaunay", title="Monsieur", nir=nir)
    assert row.identity.nir == nir
    assert [(problem.cell, problem.sentence) for problem in row.problems] == [
        ("C4", "la civilité ne correspond pas au premier chiffre du NIR")
    ]


def test_dashes_and_words_for_nothing_are_blank():
    row = normalised(
        last_name="Delaunay", phone_number="néant", email="-", birth_date="N/A", affiliation_number="0"
    )
    assert (row.identity, row.problems) == (Identity(last_name="Delaunay"), [])


def test_a_word_for_nothing_may_be_a_name():
    assert normalised(last_name="Na", first_name="Inconnu").identity == Identity(
        last_name="Na", first_name="Inconnu"
    )


def test_a_name_without_a_letter_is_refused():
    row = normalised(last_name="--", first_name="Zoé")
    assert row.identity.last_name is None
    assert row.problems[0].sentence == "ce nom ne contient aucune lettre"


def test_an_address_is_joined_in_order_whatever_the_columns():
    row = normalise_row(
        2,
        ["26150 Die", "7 rue de la Gare", "Bât. B"],
        ["postcode_and_town", "address", "address_complement"],
        today=TODAY,
    )
    assert row.identity.address == "7 rue de la Gare Bât. B 26150 Die"


def test_a_town_given_twice_is_written_once():
    row = normalise_row(
        2,
        ["7 rue de la Gare", "Die", "26150 DIE"],
        ["address", "postcode_and_town", "postcode_and_town"],
        today=TODAY,
    )
    assert row.identity.address == "7 rue de la Gare 26150 DIE"


def test_tags_are_cut_at_commas_and_a_wrong_referent_is_told():
    row = normalised(last_name="Delaunay", tags="Priorité, Jeune , ,Priorité", referent_email="Mme Martin")
    assert (row.tags, row.referent_email) == (["Priorité", "Jeune"], "")
    assert row.problems[0].as_json()["label"] == "Adresse mail du référent"


def test_a_row_shorter_than_the_header_is_read():
    assert (
        normalise_row(2, ["Delaunay"], ["last_name", "first_name"], today=TODAY).identity.last_name
        == "Delaunay"
    )
