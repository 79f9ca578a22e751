"""Who is this person? Named cases, then everything against a slow, plain reading of design/domain.md."""

from dataclasses import asdict
from datetime import date
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given, settings
from hypothesis import strategies as st
from rapidfuzz import fuzz

from rdv_insertion.kernel.text import first_word, fold
from rdv_insertion.territory.enums import MatchingRule
from rdv_insertion.territory.models import Department
from rdv_insertion.usagers.identity import Identity
from rdv_insertion.usagers.matching import NEAR_NAME, SAME_NAME, Match, match, same_person
from rdv_insertion.usagers.models import Usager
from tests.factories import DepartmentFactory, UsagerFactory, valid_nir

pytestmark = pytest.mark.django_db

KNOWN: dict[str, Any] = {
    "last_name": "Foïs",
    "first_name": "Marina",
    "birth_date": date(1985, 4, 3),
    "nir": valid_nir(1),
    "department_internal_id": "A1",
    "affiliation_number": "1234567",
    "role": "demandeur",
    "phone_number": "+33612345678",
    "email": "marina@courriel.test",
}


@pytest.fixture
def known(department: Department) -> Usager:
    return UsagerFactory(department=department, **KNOWN)


def look_for(department: Department, **given: Any) -> Match:
    return match([Identity(**{"last_name": "Autre", "first_name": "Autre"} | given)], department)[0]


def who(found: Match) -> int | None:
    """The id of the person recognised."""
    return found.known.pk if found.known else None


@pytest.mark.parametrize(
    ("given", "rule"),
    [
        ({"nir": KNOWN["nir"]}, MatchingRule.NIR),
        ({"nir": KNOWN["nir"][:13]}, MatchingRule.NIR),
        ({"department_internal_id": "A1"}, MatchingRule.DEPARTMENT_INTERNAL_ID),
        (
            {"affiliation_number": "1234567", "role": "demandeur", "first_name": "Marina"},
            MatchingRule.AFFILIATION_NUMBER,
        ),
        ({"phone_number": "+33612345678", "first_name": "MARINA"}, MatchingRule.PHONE),
        ({"email": "marina@courriel.test", "first_name": "Marina-Lou"}, MatchingRule.EMAIL),
    ],
)
def test_each_rule_recognises_the_person(
    department: Department, known: Usager, given: Any, rule: str
) -> None:
    found = look_for(department, **given)
    assert (who(found), found.rule, found.lookalikes) == (known.pk, rule, [])


@pytest.mark.parametrize(
    ("kept", "asked"), [("12345", "0012345"), ("0012345", "12345"), ("0012345", "012345"), ("AB12", "AB12")]
)
def test_the_zeros_that_a_spreadsheet_eats_do_not_hide_a_household(
    department: Department, kept: str, asked: str
) -> None:
    known = UsagerFactory(department=department, **KNOWN | {"affiliation_number": kept})
    found = look_for(department, affiliation_number=asked, role="demandeur", first_name="Marina")
    assert who(found) == known.pk


@pytest.mark.parametrize(
    "given",
    [
        {"affiliation_number": "1234567", "role": "conjoint", "first_name": "Marina"},
        {"affiliation_number": "1234567", "first_name": "Marina"},
        {"affiliation_number": "1234567", "role": "demandeur", "first_name": "Paul"},
        {
            "affiliation_number": "1234567",
            "role": "demandeur",
            "first_name": "Marina",
            "birth_date": date(1985, 4, 4),
        },
        {"phone_number": "+33612345678", "first_name": "Paul"},
        {"email": "marina@courriel.test", "first_name": "Paul"},
        {"email": "marina@courriel.test", "first_name": ""},
    ],
)
def test_what_a_rule_asks_besides_its_key_is_needed(
    department: Department, known: Usager, given: Any
) -> None:
    assert look_for(department, **given) == Match()


def test_the_first_rule_that_hits_decides(department: Department, known: Usager) -> None:
    other = UsagerFactory(
        department=department, last_name="Foïs", first_name="Marina", birth_date=date(1985, 4, 3)
    )
    found = look_for(department, nir=KNOWN["nir"], email=other.email, last_name="Foïs", first_name="Marina")
    assert (who(found), found.rule) == (known.pk, MatchingRule.NIR)


def test_a_person_whose_nir_differs_is_never_applied_silently(department: Department, known: Usager) -> None:
    found = look_for(department, nir=valid_nir(99), phone_number="+33612345678", first_name="Marina")
    assert (found.known, found.lookalikes) == (None, [known.pk])
    assert "NIR est différent" in found.doubts[0]


def test_a_person_whose_names_and_birth_date_contradict_is_a_possible_duplicate(
    department: Department, known: Usager
) -> None:
    found = look_for(
        department,
        department_internal_id="A1",
        last_name="Bernard",
        first_name="Luc",
        birth_date=date(1970, 1, 1),
    )
    assert (found.known, found.lookalikes) == (None, [known.pk])
    assert "nom et la date de naissance sont différents" in found.doubts[0]


@pytest.mark.parametrize(
    "given",
    [
        {"last_name": "Bernard", "first_name": "Luc"},
        {"last_name": "FOIS", "first_name": "marina", "birth_date": date(1985, 3, 4)},
        {"last_name": "Marina", "first_name": "Fois", "birth_date": date(1985, 3, 4)},
    ],
)
def test_a_new_name_or_a_corrected_birth_date_alone_is_no_contradiction(
    department: Department, known: Usager, given: Any
) -> None:
    assert who(look_for(department, department_internal_id="A1", **given)) == known.pk


def test_a_married_name_is_recognised_by_the_birth_name(department: Department) -> None:
    known = UsagerFactory(department=department, **KNOWN | {"birth_name": "Lefèvre"})
    found = look_for(
        department,
        department_internal_id="A1",
        last_name="Lefevre",
        first_name="Marina",
        birth_date=date(1985, 3, 4),
    )
    assert who(found) == known.pk


def test_an_internal_identifier_of_somebody_else_is_a_doubt(department: Department, known: Usager) -> None:
    other = UsagerFactory(department=department, department_internal_id="B2")
    found = look_for(department, nir=KNOWN["nir"], department_internal_id="B2")
    assert (found.known, found.lookalikes) == (None, [known.pk, other.pk])
    assert "identifiant interne de cette ligne" in found.doubts[0]


def test_a_rule_that_is_switched_off_recognises_nobody(known: Usager, department: Department) -> None:
    department.disabled_matching_rules = [MatchingRule.PHONE]
    assert look_for(department, phone_number="+33612345678", first_name="Marina") == Match()


@pytest.mark.parametrize("given", [{"nir": KNOWN["nir"]}, {"department_internal_id": "A1"}])
def test_a_unique_key_that_is_switched_off_still_shows_whom_it_belongs_to(
    known: Usager, department: Department, given: Any
) -> None:
    department.disabled_matching_rules = [MatchingRule.NIR, MatchingRule.DEPARTMENT_INTERNAL_ID]
    found = look_for(department, **given)
    assert (found.known, found.lookalikes) == (None, [known.pk])
    assert "même" in found.doubts[-1]


@pytest.mark.parametrize(
    ("given", "doubt"),
    [
        ({"last_name": "FOIS", "first_name": "marina"}, "du même nom"),
        ({"last_name": "Fois", "first_name": "Marina", "birth_date": date(1985, 4, 3)}, "du même nom"),
        ({"last_name": "Foiss", "first_name": "Marina", "birth_date": date(1985, 4, 3)}, "très proche"),
        ({"last_name": "Marina", "first_name": "Foïs"}, "du même nom"),
    ],
)
def test_same_or_near_names_are_shown_when_no_rule_hits(
    department: Department, known: Usager, given: Any, doubt: str
) -> None:
    found = look_for(department, **given)
    assert (found.known, found.lookalikes) == (None, [known.pk])
    assert doubt in found.doubts[0]


@pytest.mark.parametrize(
    "given",
    [
        {"last_name": "Fois", "first_name": "Marina", "birth_date": date(1990, 1, 1)},
        {"last_name": "Foiss", "first_name": "Marina"},
        {"last_name": "Bernard", "first_name": "Luc", "birth_date": date(1985, 4, 3)},
    ],
)
def test_namesakes_born_another_day_are_other_people(
    department: Department, known: Usager, given: Any
) -> None:
    assert look_for(department, **given) == Match()


def test_nobody_of_another_department_is_recognised(known: Usager) -> None:
    elsewhere = DepartmentFactory(isere=True)
    assert look_for(elsewhere, **KNOWN) == Match()


@pytest.mark.parametrize("count", [3, 300])
def test_a_file_costs_eight_queries_whatever_its_length(
    department: Department, known: Usager, count: int
) -> None:
    people = [
        Identity(
            last_name=f"Nom {n}",
            first_name="Jean",
            nir=valid_nir(n),
            department_internal_id=f"Z{n}",
            role="demandeur",
            affiliation_number=f"{n}",
            phone_number=f"+3361{n:07d}",
            email=f"{n}@b.fr",
            birth_date=date(1985, 4, 3),
        )
        for n in range(1, 1 + count)
    ]
    with CaptureQueriesContext(connection) as queries:
        match(people, department)
    # One a rule, those who were found, the same names, the same birth dates.
    assert len(queries) == len(MatchingRule) + 3


def test_rows_of_one_file_that_are_one_person_point_to_the_first(department: Department) -> None:
    first = Identity(**KNOWN)
    rows = [
        Identity(last_name="Autre", first_name="Paul", phone_number="+33612345678"),
        first,
        Identity(last_name="Fois", first_name="Marina", email="marina@courriel.test"),
        Identity(last_name="Fois", first_name="Marina", nir=valid_nir(50), email="marina@courriel.test"),
        Identity(last_name="Fois", first_name="Marina", nir=KNOWN["nir"]),
    ]
    assert same_person(rows, department) == {2: 1, 4: 1}


def test_rows_are_told_apart_when_the_rule_between_them_is_off(department: Department) -> None:
    rows = [Identity(last_name="Foïs", first_name="Marina", email="a@b.fr")] * 2
    assert same_person(rows, department) == {1: 0}
    department.disabled_matching_rules = [MatchingRule.EMAIL]
    assert same_person(rows, department) == {}


# ---- Against the oracle: each rule read again, slowly, one person at a time.

_NAMES = st.sampled_from(["Foïs", "FOIS", "Foiss", "Martin", "Bernard"])
_FIRST_NAMES = st.sampled_from(["Marina", "marina lou", "Paul", "Pauline"])


def _people(**fixed: Any) -> st.SearchStrategy[Identity]:
    def maybe(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
        return st.one_of(st.none(), strategy)

    return st.builds(
        Identity,
        last_name=_NAMES,
        first_name=_FIRST_NAMES,
        birth_name=maybe(_NAMES),
        birth_date=maybe(st.sampled_from([date(1985, 4, 3), date(1985, 3, 4)])),
        role=maybe(st.sampled_from(["demandeur", "conjoint"])),
        affiliation_number=maybe(st.sampled_from(["1111111", "2222222"])),
        nir=maybe(st.sampled_from([valid_nir(1), valid_nir(2), valid_nir(3)])),
        department_internal_id=maybe(st.sampled_from(["A", "B", "C"])),
        email=maybe(st.sampled_from(["a@b.fr", "c@d.fr"])),
        phone_number=maybe(st.sampled_from(["+33612345678", "+33612345679"])),
        **fixed,
    )


def _compatible(one: Any, other: Any) -> bool:
    return not (one and other and one != other)


def _hits(rule: str, asked: Identity, known: Identity) -> bool:
    same_first = first_word(asked.first_name) == first_word(known.first_name)
    if rule == MatchingRule.NIR:
        return bool(asked.nir and known.nir and asked.nir[:13] == known.nir[:13])
    if rule == MatchingRule.DEPARTMENT_INTERNAL_ID:
        return (
            asked.department_internal_id is not None
            and asked.department_internal_id == known.department_internal_id
        )
    if rule == MatchingRule.AFFILIATION_NUMBER:
        return (
            asked.affiliation_number is not None
            and asked.affiliation_number == known.affiliation_number
            and asked.role is not None
            and asked.role == known.role
            and same_first
            and _compatible(asked.birth_date, known.birth_date)
        )
    key = "phone_number" if rule == MatchingRule.PHONE else "email"
    return getattr(asked, key) is not None and getattr(asked, key) == getattr(known, key) and same_first


def _words(person: Identity) -> list[str]:
    return sorted(fold(f"{person.last_name} {person.first_name}").split())


def _names_alike(one: Identity, other: Identity, threshold: int) -> bool:
    return any(
        fuzz.token_sort_ratio(f"{fold(a)} {fold(one.first_name)}", f"{fold(b)} {fold(other.first_name)}")
        >= threshold
        for a in (one.last_name, one.birth_name)
        for b in (other.last_name, other.birth_name)
        if a and b
    )


def _contradict(asked: Identity, known: Identity) -> bool:
    if asked.nir and known.nir and asked.nir[:13] != known.nir[:13]:
        return True
    births_differ = not _compatible(asked.birth_date, known.birth_date)
    return births_differ and not _names_alike(asked, known, SAME_NAME)


def _oracle(asked: Identity, known: list[tuple[int, Identity]], off: set[str]) -> tuple[int | None, set[int]]:
    """Who it is, or whom it may be: ids."""
    owners = {
        rule: next((pk for pk, one in known if _hits(rule, asked, one)), None)
        for rule in (MatchingRule.NIR, MatchingRule.DEPARTMENT_INTERNAL_ID)
    }
    for rule in MatchingRule:
        hit = next(((pk, one) for pk, one in known if _hits(rule, asked, one)), None)
        if hit is None or (rule in off and rule not in owners):
            continue
        if rule in off or _contradict(asked, hit[1]):
            return None, {hit[0]}
        other = owners[MatchingRule.DEPARTMENT_INTERNAL_ID]
        if rule == MatchingRule.NIR and other not in (None, hit[0]):
            return None, {hit[0], other}
        return hit[0], set()
    return None, {
        pk
        for pk, one in known
        if (_words(asked) == _words(one) and _compatible(asked.birth_date, one.birth_date))
        or (asked.birth_date and asked.birth_date == one.birth_date and _names_alike(asked, one, NEAR_NAME))
    }


@settings(max_examples=150)
@given(
    known=st.lists(_people(), max_size=5),
    asked=st.lists(_people(), min_size=1, max_size=5),
    off=st.sets(st.sampled_from(list(MatchingRule)), max_size=2),
)
def test_matching_decides_as_a_plain_reading_of_the_rules(
    known: list[Identity], asked: list[Identity], off: set[MatchingRule], department: Department
) -> None:
    Usager.objects.all().delete()
    department.disabled_matching_rules = list(off)
    nirs, internal_ids, rows = set(), set(), []
    for person in known:
        if person.nir in nirs or person.department_internal_id in internal_ids:
            continue
        nirs |= {person.nir} - {None}
        internal_ids |= {person.department_internal_id} - {None}
        rows.append((UsagerFactory(department=department, **asdict(person)).pk, person))
    for identity, found in zip(asked, match(asked, department), strict=True):
        assert (who(found), set(found.lookalikes)) == _oracle(identity, rows, off)
        assert bool(found.lookalikes) == bool(found.doubts)
        assert (found.known is None) == (found.rule is None)
