"""Addresses found without any network: the town, and the street as it is compared."""

import json

import pytest
from django.core.management import call_command
from hypothesis import given
from hypothesis import strategies as st

from rdv_insertion.territory.addresses import local, towns
from rdv_insertion.territory.addresses.lines import split, street_key
from rdv_insertion.territory.addresses.location import Location


def code(text: str, department: str = "26") -> str | None:
    """The INSEE code of the town in which an address is found."""
    found = local.locate(text, department=department)
    return found.city_code if found else None


@pytest.mark.parametrize(
    ("written", "town"),
    [
        ("12 rue Pasteur, 26000 Valence", "26362"),
        ("12 rue Pasteur 26000 VALENCE CEDEX 9", "26362"),
        ("26021 Valence Cedex", "26362"),
        ("26 000 valence", "26362"),
        ("3 grande rue\n26190 ST JEAN EN ROYANS", "26307"),
        ("26190 St-Jean-en-Royans", "26307"),
        ("26130 Saint Paul 3 Châteaux", "26324"),
        ("26100 Romans", "26281"),
        ("26100 Romans s/ Isère", "26281"),
        ("26500 BG LES VALENCE", "26058"),
        ("26200 MONTELIMART", "26198"),
        ("26470 Motte Chalancon", "26215"),
        ("12 rue Pasteur, Die", "26113"),
        ("12 rue Pasteur Bourg lès Valence", "26058"),
        ("Portes-lès-Valence", "26252"),
        ("26000", "26362"),
        ("12 rue Pasteur 26000", "26362"),
        ("Le Village, 26350 Miribel", "26210"),
        ("2 cours Berriat 38000 Grenoble", "38185"),
    ],
)
def test_a_town_is_recognised_as_people_write_it(written, town):
    assert code(written) == town


@pytest.mark.parametrize(
    "written", ["", "   ", "26400", "Nulle-Part", "99999 Nulle-Part", "12", "rue Pasteur", ",;(", "\x00"]
)
def test_what_names_no_single_town_is_not_guessed(written):
    assert code(written) is None


def test_a_town_of_another_department_is_not_found_by_its_name_alone():
    assert code("12 rue Pasteur, Grenoble") is None
    assert code("12 rue Pasteur, Grenoble", department="38") == "38185"


@pytest.mark.parametrize(
    ("written", "arrondissement"),
    [("75012 Paris", "75112"), ("75012 PARIS 12", "75112"), ("69003 Lyon 3ème", "69383")],
)
def test_an_arrondissement_is_known_with_its_town(written, arrondissement):
    found = local.locate(written, department="75")
    assert found is not None
    assert found.city_code == arrondissement
    assert len(found.city_codes) == 2


def test_paris_alone_is_the_whole_town():
    assert code("Paris", department="75") == "75056"


@pytest.mark.parametrize(
    ("written", "department"),
    [("97400 Saint-Denis", "974"), ("20000 Ajaccio", "2A"), ("20200 Bastia", "2B"), ("69001 Lyon", "69")],
)
def test_the_department_of_a_town_is_read_from_its_code(written, department):
    found = local.locate(written, department=department)
    assert found is not None
    assert found.department_number == department


@pytest.mark.parametrize(
    ("written", "street"),
    [
        ("12 bis, av. de la Gare, Bât. B, 26000 Valence", "avenue gare"),
        ("12bis avenue de la Gare 26000 Valence", "avenue gare"),
        ("12 B AV GARE 26000 VALENCE", "avenue gare"),
        ("Appt 3 Bât B 12 avenue de la gare 26000 Valence", "avenue gare"),
        ("Résidence de la Place 4 rue Émile-Zola 26000 Valence", "rue emile zola"),
        ("5 r St Martin 26000 Valence", "rue saint martin"),
        ("8 rue du 8 Mai 1945, 26000 Valence", "rue 8 mai 1945"),
        ("3 impasse d'Alsace, 26200 Montélimar", "impasse alsace"),
        ("12 grande rue 26150 Die", "grande rue"),
        ("8 le Bourg, 26400 Crest", "bourg"),
        ("quartier des Blaches, 26150 Die", "quartier blaches"),
        ("rue Pasteur appartement 12 26150 Die", "rue pasteur"),
        ("chez M. Roux 4 place du Dr Rodet 26150 Die", "place docteur rodet"),
        ("26150 Die", ""),
        ("BP 12, 26150 Die", ""),
    ],
)
def test_the_street_is_taken_without_number_nor_flat(written, street):
    assert split(written).street_key == street


@given(st.sampled_from(("12 ", "3 bis, ", "")), st.sampled_from(("av", "Avenue", "AVE.", "avenue")))
def test_two_spellings_of_one_street_are_equal(number, kind):
    assert split(f"{number}{kind} du Maréchal-Juin, 26000 Valence").street_key == street_key("Av. Mal Juin")


@given(st.text(max_size=120))
def test_any_text_at_all_is_survived(written):
    found = local.locate(written, department="26")
    assert found is None or towns.by_code(found.city_code) is not None
    assert isinstance(local.suggest(written, department="26", limit=5), list)


@pytest.mark.parametrize(
    ("typed", "first"),
    [("val", "Valence"), ("roman", "Romans-sur-Isère"), ("26150", "Die"), ("montelimart", "Montélimar")],
)
def test_towns_are_suggested_while_they_are_typed(typed, first):
    assert towns.suggest(typed, department="26")[0].name == first


def test_only_towns_of_the_department_are_suggested():
    assert {town.department for town in towns.suggest("saint", department="26", limit=50)} == {"26"}


def test_the_list_holds_all_the_towns_of_the_country():
    departments = {code[:2] for code in towns._towns().by_code}
    assert len(towns._towns().by_code) > 34_900
    assert len(departments) >= 97


def test_a_former_town_leads_to_the_one_it_joined(tmp_path):
    assert towns.joined_by("26185") is None
    (code, _, joined), *_ = [one for one in towns._towns().former["26"] if one[0] != one[2].code]
    assert towns.joined_by(code) == joined


def test_the_list_is_made_from_the_package_of_the_registry(tmp_path):
    source, target = tmp_path / "communes.json", tmp_path / "towns.tsv.gz"
    source.write_text(
        json.dumps(
            [
                {
                    "code": "26362",
                    "nom": "Valence",
                    "type": "commune-actuelle",
                    "codesPostaux": ["26000"],
                    "population": 6,
                },
                {"code": "26999", "nom": "Ancienne", "type": "commune-deleguee", "chefLieu": "26362"},
            ]
        )
    )
    call_command("build_towns", source, target=target, verbosity=0)
    import gzip

    assert gzip.decompress(target.read_bytes()).decode().splitlines() == [
        "26362\tValence\tc\t\t26000\t6",
        "26999\tAncienne\tf\t26362\t\t0",
    ]


def test_a_place_says_its_street_its_postcode_and_its_town():
    assert local.locate("12 rue Pasteur, 26000 VALENCE", department="26") == Location(
        "rue Pasteur, 26000 Valence", "26362", "Valence", "26000", "rue Pasteur"
    )
