"""Is this person already known? (design/domain.md § Who is this person)

Rules are tried in order on what is given, and the first that hits decides. Each rule costs one query for
all the people asked about, whatever their number.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Q
from rapidfuzz import fuzz

from rdv_insertion.kernel.text import first_word, fold
from rdv_insertion.territory.enums import MatchingRule
from rdv_insertion.territory.models import Department
from rdv_insertion.usagers.identity import Identity
from rdv_insertion.usagers.models import Usager, name_key, nir_blind_index

# Below this likeness (0 to 100) two names are those of different people.
SAME_NAME = 80
# From this likeness two people with one birth date may be one person with a typing error.
NEAR_NAME = 88


@dataclass(frozen=True)
class Match:
    """What is known of one person asked about.

    `usager` with `rule`: recognised. Otherwise `lookalikes` are people it may be, and `doubts` says in
    French why nobody decided; both empty: nobody like this is known.
    """

    usager: Usager | None = None
    rule: MatchingRule | None = None
    lookalikes: list[Usager] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Rule:
    """How one rule looks people up: the column, the key of a person asked about, and what must agree."""

    name: MatchingRule
    column: str
    key: Callable[[Identity], Any]
    agrees: Callable[[Identity, Identity], bool]
    label: str
    belongs_to_one: bool = False


def _always(_asked: Identity, _known: Identity) -> bool:
    return True


def _same_first_word(asked: Identity, known: Identity) -> bool:
    return bool(first_word(asked.first_name)) and first_word(asked.first_name) == first_word(known.first_name)


def _same_role(asked: Identity, known: Identity) -> bool:
    if not asked.role or asked.role != known.role:
        return False
    other_birth_date = asked.birth_date and known.birth_date and asked.birth_date != known.birth_date
    return not other_birth_date and _same_first_word(asked, known)


RULES: tuple[Rule, ...] = (
    Rule(
        MatchingRule.NIR,
        "nir_index",
        lambda asked: nir_blind_index(asked.nir),
        _always,
        label="NIR",
        belongs_to_one=True,
    ),
    Rule(
        MatchingRule.DEPARTMENT_INTERNAL_ID,
        "department_internal_id",
        lambda asked: asked.department_internal_id,
        _always,
        label="identifiant interne",
        belongs_to_one=True,
    ),
    Rule(
        MatchingRule.AFFILIATION_NUMBER,
        "affiliation_number",
        lambda asked: asked.affiliation_number,
        _same_role,
        label="numéro CAF",
    ),
    Rule(
        MatchingRule.PHONE,
        "phone_number",
        lambda asked: asked.phone_number,
        _same_first_word,
        label="téléphone",
    ),
    Rule(MatchingRule.EMAIL, "email", lambda asked: asked.email, _same_first_word, label="adresse mail"),
)


def match(people: Sequence[Identity], department: Department) -> list[Match]:
    """Look for each of `people` among those known in `department`; answers are in the same order."""
    matches: list[Match | None] = [None] * len(people)
    for rule in RULES:
        enabled = rule.name not in department.disabled_matching_rules
        asked_about = [
            place
            for place, found in enumerate(matches)
            if rule.key(people[place]) and (rule.belongs_to_one or (found is None and enabled))
        ]
        known = _known_by(rule, department, {rule.key(people[place]) for place in asked_about})
        for place in asked_about:
            asked = people[place]
            hit = next(
                (usager for usager in known[rule.key(asked)] if rule.agrees(asked, usager.identity)), None
            )
            if hit is not None:
                matches[place] = _decide(asked, hit, rule, found=matches[place], enabled=enabled)
    return _with_lookalikes(people, matches, department)


def _known_by(rule: Rule, department: Department, keys: set[Any]) -> defaultdict[Any, list[Usager]]:
    known: defaultdict[Any, list[Usager]] = defaultdict(list)
    if keys:
        people = Usager.objects.filter(department=department, **{f"{rule.column}__in": keys}).order_by("id")
        for usager in people:
            known[getattr(usager, rule.column)].append(usager)
    return known


def _decide(asked: Identity, hit: Usager, rule: Rule, *, found: Match | None, enabled: bool) -> Match:
    if found is not None:
        return _keep_or_doubt(found, hit, rule)
    doubts = contradictions(asked, hit.identity)
    if not enabled:
        doubts.append(f"Une personne déjà connue a le même {rule.label}.")
    return Match(lookalikes=[hit], doubts=doubts) if doubts else Match(usager=hit, rule=rule.name)


def _keep_or_doubt(found: Match, hit: Usager, rule: Rule) -> Match:
    """An earlier rule decided: a key that only one person may have must not belong to another one."""
    if found.usager is None or found.usager == hit:
        return found
    return Match(
        lookalikes=[found.usager, hit],
        doubts=[f"Le {rule.label} de cette ligne est celui d'une autre personne déjà connue."],
    )


def contradictions(asked: Identity, known: Identity) -> list[str]:
    """Why a rule that hit is not enough: French sentences, none when the two agree."""
    if asked.nir and known.nir and asked.nir[:13] != known.nir[:13]:
        return ["Le NIR est différent de celui de la personne déjà connue."]
    other_birth_date = asked.birth_date and known.birth_date and asked.birth_date != known.birth_date
    if other_birth_date and not _alike(asked, known, SAME_NAME):
        return ["Le nom et la date de naissance sont différents de ceux de la personne déjà connue."]
    return []


def _alike(asked: Identity, known: Identity, threshold: int) -> bool:
    """Whether the names are alike, birth name and order of the words aside."""
    names = {fold(known.last_name), fold(known.birth_name)} - {""}
    wanted = {fold(asked.last_name), fold(asked.birth_name)} - {""}
    first = fold(asked.first_name), fold(known.first_name)
    return any(
        fuzz.token_sort_ratio(f"{last} {first[0]}", f"{name} {first[1]}") >= threshold
        for last in wanted
        for name in names
    )


def _with_lookalikes(
    people: Sequence[Identity], matches: Sequence[Match | None], department: Department
) -> list[Match]:
    """Where no rule hit, look for the same names and birth date, or nearly: one query for all."""
    waiting = [people[place] for place, found in enumerate(matches) if found is None]
    names = {name_key(asked.last_name, asked.first_name) for asked in waiting}
    births = {asked.birth_date for asked in waiting if asked.birth_date}
    by_name, by_birth = _known_alike(department, names, births)
    return [
        found if found is not None else _lookalikes(asked, by_name, by_birth)
        for asked, found in zip(people, matches, strict=True)
    ]


def _known_alike(
    department: Department, names: set[str], births: set[Any]
) -> tuple[defaultdict[str, list[Usager]], defaultdict[Any, list[Usager]]]:
    by_name: defaultdict[str, list[Usager]] = defaultdict(list)
    by_birth: defaultdict[Any, list[Usager]] = defaultdict(list)
    if names:
        alike = Usager.objects.filter(Q(name_key__in=names) | Q(birth_date__in=births), department=department)
        for usager in alike.order_by("id"):
            by_name[usager.name_key].append(usager)
            by_birth[usager.birth_date].append(usager)
    return by_name, by_birth


def _lookalikes(
    asked: Identity, by_name: dict[str, list[Usager]], by_birth: dict[Any, list[Usager]]
) -> Match:
    def may_be(usager: Usager) -> bool:
        known_birth = usager.birth_date
        return not (asked.birth_date and known_birth and asked.birth_date != known_birth)

    same_name = [usager for usager in by_name[name_key(asked.last_name, asked.first_name)] if may_be(usager)]
    near = [
        usager
        for usager in (by_birth[asked.birth_date] if asked.birth_date else [])
        if usager not in same_name and _alike(asked, usager.identity, NEAR_NAME)
    ]
    doubts = []
    if same_name:
        doubts.append("Une personne du même nom est déjà connue dans le département.")
    if near:
        doubts.append("Une personne née le même jour porte un nom très proche.")
    return Match(lookalikes=[*same_name, *near], doubts=doubts)


def same_person(people: Iterable[Identity], department: Department) -> dict[int, int]:
    """Rows of one file that are one person: place of the row → place of the first row of that person.

    The same rules, in the same order, applied between the rows themselves.
    """
    first_place: dict[tuple[str, Any], list[tuple[int, Identity]]] = defaultdict(list)
    merged: dict[int, int] = {}
    active = [rule for rule in RULES if rule.name not in department.disabled_matching_rules]
    for place, asked in enumerate(people):
        keys = [(rule, (rule.column, rule.key(asked))) for rule in active if rule.key(asked)]
        for rule, key in keys:
            earlier = next(
                (
                    other
                    for other, known in first_place[key]
                    if rule.agrees(asked, known) and not contradictions(asked, known)
                ),
                None,
            )
            if earlier is not None:
                merged[place] = earlier
                break
        else:
            for _, key in keys:
                first_place[key].append((place, asked))
    return merged
