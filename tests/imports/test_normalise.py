"""From a row's texts to a person, with what was refused, doubted or repaired."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rdv_insertion.imports.normalise import (
    Normaliser,
    Problem,
    ProblemKind,
    Understood,
    gather,
    gather_rows,
)
from rdv_insertion.usagers.identity import ATTRIBUTES, Identity
from tests.factories import valid_nir

TODAY = date(2026, 3, 3)


def understood(**texts: str) -> Understood:
    return Normaliser(today=TODAY).row(texts)


def told(**texts: str) -> list[tuple[str, str]]:
    """The kind and attribute of each problem of a row."""
    return [(problem.kind, problem.attribute) for problem in understood(**texts).problems]


def test_values_are_typed():
    row = understood(title="Mme", last_name=" Delaunay ", first_name="Marine", birth_date="3/04/1985",
                     phone_number="07 82 60 59 40", email="Marine@Courriel.test", role="DEM",
                     affiliation_number="1234567", department_internal_id="4521",
                     address="7 rue de la Gare 26150 Die")  # fmt: skip
    assert row.identity == Identity(
        title="madame",
        last_name="Delaunay",
        first_name="Marine",
        birth_date=date(1985, 4, 3),
        phone_number="+33782605940",
        email="marine@courriel.test",
        role="demandeur",
        affiliation_number="1234567",
        department_internal_id="4521",
        address="7 rue de la Gare 26150 Die",
    )
    assert row.problems == []


def test_a_refused_value_is_left_out_and_told_with_its_text_and_reason():
    row = understood(last_name="Delaunay", phone_number="12345")
    assert row.identity == Identity(last_name="Delaunay")
    assert row.problems == [
        Problem("phone_number", "12345", "ce numéro de téléphone n'existe pas", ProblemKind.REFUSED)
    ]


def test_a_repaired_value_is_taken_and_told_with_its_text():
    row = understood(phone_number="782605940")
    assert row.identity.phone_number == "+33782605940"
    assert row.problems == [
        Problem(
            "phone_number",
            "782605940",
            "le tableur avait retiré le zéro du début : il est rétabli",
            ProblemKind.REPAIRED,
        )
    ]


def test_a_problem_survives_storage():
    (problem,) = understood(phone_number="12345").problems
    assert Problem.from_json(problem.as_json()) == problem
    assert problem.as_json()["kind"] == "refused"


def test_a_long_raw_text_is_cut():
    (problem,) = understood(title="docteur" * 100).problems
    assert len(problem.raw) == 200


@pytest.mark.parametrize("nir", ["299999999999999", "1,85042636212E+12", "185042636212"])
def test_a_refused_nir_is_told_without_its_digits(nir: str):
    (problem,) = understood(last_name="Delaunay", nir=nir).problems
    assert (problem.kind, problem.raw) == (ProblemKind.REFUSED, "")
    assert nir[:4] not in problem.sentence


def test_a_nir_that_contradicts_the_title_is_a_doubt_and_is_kept():
    nir = valid_nir(1)
    row = understood(nir=nir, last_name="Delaunay", title="Monsieur")
    assert row.identity.nir == nir
    assert row.problems == [
        Problem("nir", "", "la civilité ne correspond pas au premier chiffre du NIR", ProblemKind.DOUBTFUL)
    ]


def test_a_nir_that_contradicts_the_birth_year_is_a_doubt():
    (problem,) = understood(nir="1850426362123", birth_date="03/04/1986").problems
    assert problem.kind == ProblemKind.DOUBTFUL
    assert "année de naissance" in problem.sentence


def test_a_nir_that_agrees_with_the_person_is_no_problem():
    assert told(nir="1850426362123", birth_date="03/04/1985", title="M.") == []


@pytest.mark.parametrize(
    "nothing", ["néant", "-", "N/A", "0", "0.0", "#N/A", "NC", "Inconnu", "/", "...", "Aucun"]
)
@pytest.mark.parametrize(
    "attribute", ["phone_number", "email", "birth_date", "affiliation_number", "france_travail_id", "address"]
)
def test_dashes_and_words_for_nothing_are_blank(nothing: str, attribute: str):
    assert gather([nothing], [attribute]) == {}
    row = understood(**{attribute: nothing})
    assert (row.identity, row.problems) == (Identity(), [])


def test_a_seven_letter_word_for_nothing_is_no_caf_number():
    assert understood(affiliation_number="INCONNU").identity.affiliation_number is None


def test_a_word_for_nothing_may_be_a_name():
    assert gather(["Na", "Inconnu"], ["last_name", "first_name"]) == {
        "last_name": "Na",
        "first_name": "Inconnu",
    }
    assert understood(last_name="Na", first_name="Inconnu").identity == Identity(
        last_name="Na", first_name="Inconnu"
    )


def test_a_name_without_a_letter_is_refused():
    row = understood(last_name="--", first_name="Zoé")
    assert row.identity.last_name is None
    assert row.problems[0].sentence == "ce nom ne contient aucune lettre"


def test_a_broken_formula_is_refused():
    assert told(last_name="#REF!", phone_number="#VALEUR!", role="#NOM?") == [
        ("refused", "last_name"),
        ("refused", "phone_number"),
        ("refused", "role"),
    ]


def test_a_blank_text_says_nothing():
    row = understood(last_name="", phone_number="  ", email="\u200b", tags=" ", organisation="\u00a0")
    assert row == Understood(Identity())


def test_an_unknown_attribute_is_ignored():
    assert understood(colour="bleu") == Understood(Identity())


def test_one_attribute_per_column_is_gathered_without_stray_blanks():
    assert gather([" Mme ", "", "ignoré", "De\u00a0La Tour\u200b"], ["title", "role", "", "last_name"]) == {
        "title": "Mme",
        "last_name": "De\u00a0La Tour",
    }


def test_an_address_is_joined_in_order_whatever_the_columns():
    assert gather(
        ["26150 Die", "7 rue de la Gare", "Bât. B"],
        ["postcode_and_town", "address", "address_complement"],
    ) == {"address": "7 rue de la Gare Bât. B 26150 Die"}


def test_a_town_given_twice_is_written_once():
    assert gather(
        ["7 rue de la Gare", "Die", "26150 DIE"],
        ["address", "postcode_and_town", "postcode_and_town"],
    ) == {"address": "7 rue de la Gare 26150 DIE"}


def test_a_town_that_the_street_column_already_gives_is_written_once():
    rows = [["7 rue de la Gare 26150 DIE", "26150 Die"], ["9 rue de la Gare", "26150 Die"]]
    assert gather_rows(rows, ["address", "postcode_and_town"]) == [
        {"address": "7 rue de la Gare 26150 DIE"},
        {"address": "9 rue de la Gare 26150 Die"},
    ]


def test_an_address_on_several_lines_is_put_on_one():
    assert gather(["7 rue de la Gare\nBât. B"], ["address"]) == {"address": "7 rue de la Gare Bât. B"}


def test_an_address_too_long_is_cut_and_told():
    row = understood(address="rue " * 100)
    assert row.identity.address is not None
    assert len(row.identity.address) <= 255
    assert [problem.kind for problem in row.problems] == [ProblemKind.REPAIRED]


def test_the_columns_of_tags_are_joined():
    assert gather(["Priorité", "", "Jeune, Santé"], ["tags", "tags", "tags"]) == {
        "tags": "Priorité, Jeune, Santé"
    }


def test_tags_are_cut_at_commas_and_a_wrong_referent_is_told():
    row = understood(last_name="Delaunay", tags="Priorité, Jeune , ,Priorité", referent_email="Mme Martin")
    assert (row.tags, row.referent_email) == (["Priorité", "Jeune"], "")
    assert [(problem.kind, problem.attribute) for problem in row.problems] == [("refused", "referent_email")]


def test_two_rows_do_not_share_their_tags():
    normaliser = Normaliser(today=TODAY)
    first, second = (normaliser.row({"tags": "Priorité"}) for _ in range(2))
    first.tags.append("Jeune")
    assert second.tags == ["Priorité"]


def test_the_organisation_and_the_referent_are_read():
    row = understood(organisation=" CCAS  de Valence ", referent_email="Paul@Drome.test")
    assert (row.organisation, row.referent_email) == ("CCAS de Valence", "paul@drome.test")


@pytest.mark.parametrize(
    ("text", "end"),
    [
        ("31/12/2025", "2025-12-31"),
        ("2025-12-31", "2025-12-31"),
        ("9999-12-31", "9999-12-31"),
        ("Clos", "ended"),
        ("CLOS depuis mars", "ended"),
        ("Radié", "ended"),
        ("radiée le mois dernier", "ended"),
        ("fin de droits", "ended"),
        ("Suspendu", ""),
        ("ouvert", ""),
        ("En cours", ""),
        ("non radié", ""),
        ("sans fin", ""),
        ("néant", ""),
        ("", ""),
    ],
)
def test_the_end_of_rights_is_a_date_or_a_word(text: str, end: str):
    row = understood(rights_end_date=text)
    assert (row.rights_end, row.problems) == (end, [])


def test_an_end_of_rights_that_says_nothing_clear_is_refused():
    assert told(rights_end_date="voir dossier") == [("refused", "rights_end_date")]


def test_a_row_shorter_than_the_header_is_read():
    assert gather(["Delaunay"], ["last_name", "first_name", "address", "tags"]) == {"last_name": "Delaunay"}


def test_a_row_longer_than_the_header_is_read():
    assert gather(["Delaunay", "x"], ["last_name"]) == {"last_name": "Delaunay"}


def test_a_value_seen_before_is_understood_again():
    normaliser = Normaliser(today=TODAY)
    texts = {"title": "docteur", "birth_date": "30884", "role": "CJT"}
    assert normaliser.row(texts) == normaliser.row(texts)
    assert len(normaliser.row(texts).problems) == 2


_COLUMNS = (
    *ATTRIBUTES,
    "address_complement",
    "postcode_and_town",
    "tags",
    "referent_email",
    "organisation",
    "rights_end_date",
    "",
)
_TEXTS = st.one_of(
    st.text(max_size=30),
    st.sampled_from(["", " ", "-", "0", "néant", "\x00", "\ud800", "'", '="', "#", "#REF!", "@", "mailto:"]),
    st.from_regex(r"\A[0-9 .,/+E'-]{1,20}\Z"),
)


@given(st.lists(st.tuples(_TEXTS, st.sampled_from(_COLUMNS)), max_size=12))
def test_any_row_is_understood_without_an_error_and_the_same_way_twice(cells: list[tuple[str, str]]):
    columns = [name for _, name in cells]
    texts = gather([text for text, _ in cells], columns)
    assert all(texts.values())
    normaliser = Normaliser(today=TODAY)
    row = normaliser.row(texts)
    assert normaliser.row(texts) == row
    assert Identity(**row.identity.known()) == row.identity
    "".join(map(str, row.identity.known().values())).encode()


@given(st.dictionaries(st.sampled_from(_COLUMNS), _TEXTS))
def test_texts_corrected_by_hand_are_understood_without_an_error(texts: dict[str, str]):
    row = Normaliser(today=TODAY).row(texts)
    for value in row.identity.known().values():
        assert "\x00" not in str(value)
        str(value).encode()
    for problem in row.problems:
        assert problem.sentence
        problem.raw.encode()
