"""Is this person already known? (design/domain.md § Who is this person)

Rules are tried in order on what is given, and the first that hits decides. Each rule costs one query for
all the people asked about, whatever their number; three more read those who were found or look alike.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, NamedTuple

from rapidfuzz import fuzz

from rdv_insertion.kernel import bulk
from rdv_insertion.kernel.text import first_word, fold
from rdv_insertion.territory.enums import MatchingRule
from rdv_insertion.territory.models import Department
from rdv_insertion.usagers.identity import Identity
from rdv_insertion.usagers.models import birth_name_key, nir_blind_index

# Below this likeness (0 to 100) two names are those of different people.
SAME_NAME = 80
# From this likeness two people with one birth date may be one person with a typing error.
NEAR_NAME = 88
_AFFILIATION_LENGTH = 7
# Many values in one parameter: see kernel.bulk.listed.
_LISTED = "string_to_array(%s, E'\\n')"


class Known(NamedTuple):
    """What is compared of somebody in the base: all but the NIR, whose index is enough."""

    pk: int
    nir_index: str | None
    name_key: str
    birth_name_key: str | None
    title: str | None
    last_name: str
    first_name: str
    birth_name: str | None
    birth_date: date | None
    role: str | None
    affiliation_number: str | None
    department_internal_id: str | None
    france_travail_id: str | None
    email: str | None
    phone_number: str | None
    address: str | None
    rights_opening_date: date | None


@dataclass(frozen=True)
class Match:
    """What is known of one person asked about.

    `known` with `rule`: recognised. Otherwise `lookalikes` are the ids of people it may be, and `doubts` says
    in French why nobody decided; both empty: nobody like this is known.
    """

    known: Known | None = None
    rule: MatchingRule | None = None
    lookalikes: list[int] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)


class Asked:
    """A person asked about, with what the rules compare, computed once."""

    __slots__ = ("folded_name", "identity", "keys", "names")

    def __init__(self, identity: Identity) -> None:
        self.identity = identity
        # In the order of RULES.
        self.keys = (
            nir_blind_index(identity.nir),
            identity.department_internal_id,
            _padded(identity.affiliation_number),
            identity.phone_number,
            identity.email,
        )
        # Last name then first name, as they are sorted in lists.
        self.folded_name = f"{fold(identity.last_name)} {fold(identity.first_name)}"
        key = " ".join(sorted(self.folded_name.split()))
        self.names = _names(key, birth_name_key(identity.birth_name, identity.first_name))


def _padded(number: str | None) -> str | None:
    """A CAF number with the zeros that spreadsheets eat: `12345` and `0012345` are one household."""
    return number.zfill(_AFFILIATION_LENGTH) if number else None


class Rule(NamedTuple):
    """How one rule looks people up: the column, its place among the keys, and what must agree besides."""

    name: MatchingRule
    place: int
    column: str
    label: str
    agrees: Callable[[Identity, "Identity | Known"], bool]
    belongs_to_one: bool = False


def _always(_asked: Identity, _known: Identity | Known) -> bool:
    return True


def _same_first_word(asked: Identity, known: Identity | Known) -> bool:
    word = first_word(asked.first_name)
    return bool(word) and word == first_word(known.first_name)


def _same_role(asked: Identity, known: Identity | Known) -> bool:
    if not asked.role or asked.role != known.role:
        return False
    other_birth_date = asked.birth_date and known.birth_date and asked.birth_date != known.birth_date
    return not other_birth_date and _same_first_word(asked, known)


RULES: tuple[Rule, ...] = (
    Rule(MatchingRule.NIR, 0, "nir_index", "NIR", _always, belongs_to_one=True),
    Rule(
        MatchingRule.DEPARTMENT_INTERNAL_ID,
        1,
        "department_internal_id",
        "identifiant interne",
        _always,
        belongs_to_one=True,
    ),
    Rule(MatchingRule.AFFILIATION_NUMBER, 2, "affiliation_number", "numéro CAF", _same_role),
    Rule(MatchingRule.PHONE, 3, "phone_number", "téléphone", _same_first_word),
    Rule(MatchingRule.EMAIL, 4, "email", "adresse mail", _same_first_word),
)


def match(people: Sequence[Identity | Asked], department: Department) -> list[Match]:
    """Look for each of `people` among those known in `department`; answers are in the same order."""
    asked = [one if isinstance(one, Asked) else Asked(one) for one in people]
    found = _found(asked, department)
    matches = [_decided(one, found, department) for one in asked]
    return _with_lookalikes(asked, matches, department)


def _found(asked: Sequence[Asked], department: Department) -> "list[dict[Any, list[Known]]]":
    """For each rule, the people found by their key; the later rules are only asked of those still unknown."""
    ids: list[list[tuple[Any, int]]] = []
    hits: set[tuple[int, Any]] = set()
    for rule in RULES:
        wanted = asked if rule.belongs_to_one else [one for one in asked if not _is_hit(one, hits)]
        enabled = rule.belongs_to_one or rule.name not in department.disabled_matching_rules
        keys = {one.keys[rule.place] for one in wanted} - {None, ""} if enabled else set()
        pairs = _ids_by(rule, department, keys)
        ids.append(pairs)
        if rule.belongs_to_one:
            hits.update((rule.place, key) for key, _ in pairs)
    people = _read({one for pairs in ids for _, one in pairs})
    found: list[dict[Any, list[Known]]] = []
    for pairs in ids:
        by_key: dict[Any, list[Known]] = {}
        for key, one in pairs:
            by_key.setdefault(key, []).append(people[one])
        found.append(by_key)
    return found


def _is_hit(asked: Asked, hits: Collection[tuple[int, Any]]) -> bool:
    """Whether a key that only one person may have is that of somebody known."""
    return any((rule.place, asked.keys[rule.place]) in hits for rule in RULES if rule.belongs_to_one)


def _ids_by(rule: Rule, department: Department, keys: Collection[Any]) -> list[tuple[Any, int]]:
    if not keys:
        return []
    statement = (
        f"SELECT {rule.column}, id FROM usagers_usager "  # noqa: S608 - a column of RULES
        f"WHERE department_id = %s AND {rule.column} = ANY({_LISTED}) ORDER BY id"
    )
    if rule.name != MatchingRule.AFFILIATION_NUMBER:
        return bulk.rows(statement, [department.pk, bulk.listed(keys)])
    spelled = {*keys, *(key.lstrip("0") for key in keys if key.startswith("0"))}
    found = bulk.rows(statement, [department.pk, bulk.listed(spelled)])
    return [(_padded(number), pk) for number, pk in found]


_COLUMNS = ", ".join(["id", *Known._fields[1:]])


def _read(ids: Collection[int]) -> dict[int, Known]:
    if not ids:
        return {}
    statement = f"SELECT {_COLUMNS} FROM usagers_usager WHERE id = ANY({_LISTED}::bigint[])"  # noqa: S608
    rows = bulk.rows(statement, [bulk.listed(ids)])
    return {row[0]: Known._make(row) for row in rows}


def _decided(asked: Asked, found: Sequence[dict[Any, list[Known]]], department: Department) -> Match | None:
    decided: Match | None = None
    for rule in RULES:
        enabled = rule.name not in department.disabled_matching_rules
        if not asked.keys[rule.place] or (decided is not None and not rule.belongs_to_one):
            continue
        known = found[rule.place].get(asked.keys[rule.place], ())
        hit = next((one for one in known if rule.agrees(asked.identity, one)), None)
        if hit is None:
            continue
        decided = _keep_or_doubt(decided, hit, rule) if decided else _decide(asked, hit, rule, enabled)
    return decided


def _decide(asked: Asked, hit: Known, rule: Rule, enabled: bool) -> Match:
    doubts = _contradictions(asked, hit.nir_index, hit.birth_date, _names(hit.name_key, hit.birth_name_key))
    if not enabled:
        doubts.append(f"Une personne déjà connue a le même {rule.label}.")
    return Match(lookalikes=[hit.pk], doubts=doubts) if doubts else Match(known=hit, rule=rule.name)


def _keep_or_doubt(decided: Match, hit: Known, rule: Rule) -> Match:
    """An earlier rule decided: a key that only one person may have must not belong to another one."""
    if decided.known is None or decided.known.pk == hit.pk:
        return decided
    return Match(
        lookalikes=[decided.known.pk, hit.pk],
        doubts=[f"Le {rule.label} de cette ligne est celui d'une autre personne déjà connue."],
    )


def _contradictions(
    asked: Asked, nir_index: str | None, birth_date: date | None, names: Collection[str]
) -> list[str]:
    """Why a rule that hit is not enough: French sentences, none when the two agree."""
    if asked.keys[0] and nir_index and asked.keys[0] != nir_index:
        return ["Le NIR est différent de celui de la personne déjà connue."]
    given = asked.identity.birth_date
    if given and birth_date and given != birth_date and not _alike(asked.names, names, SAME_NAME):
        return ["Le nom et la date de naissance sont différents de ceux de la personne déjà connue."]
    return []


def _names(key: str, birth_key: str | None) -> tuple[str, ...]:
    """The ways of naming somebody: last and first name, birth name and first name."""
    return (key, birth_key) if birth_key and birth_key != key else (key,)


def _alike(some: Iterable[str], others: Collection[str], threshold: int) -> bool:
    """Whether two people have names alike; the words of a key are sorted: their order is no matter."""
    return any(fuzz.ratio(one, other) >= threshold for one in some for other in others)


def _with_lookalikes(
    asked: Sequence[Asked], matches: Sequence[Match | None], department: Department
) -> list[Match]:
    """Where no rule hit, look for the same names and birth date, or nearly: two queries for all."""
    waiting = [one for one, found in zip(asked, matches, strict=True) if found is None]
    same_names = _people_named({one.names[0] for one in waiting}, department)
    born = _people_born({one.identity.birth_date for one in waiting if one.identity.birth_date}, department)
    return [
        found if found is not None else _lookalikes(one, same_names, born)
        for one, found in zip(asked, matches, strict=True)
    ]


_Named = dict[str, list[tuple[int, date | None]]]


def _people_named(names: Collection[str], department: Department) -> _Named:
    found: _Named = {}
    if names:
        statement = (
            "SELECT name_key, id, birth_date FROM usagers_usager "  # noqa: S608 - no word of anybody
            f"WHERE department_id = %s AND name_key = ANY({_LISTED}) ORDER BY id"
        )
        for key, pk, birth_date in bulk.rows(statement, [department.pk, bulk.listed(names)]):
            found.setdefault(key, []).append((pk, birth_date))
    return found


class _Born(NamedTuple):
    """Those who were born on one day: ids, names and birth names, in the same order, one a line.

    A department has ten of them a day, nearly all of whom are nobody asked about: they are cut when compared.
    """

    ids: str
    names: str
    birth_names: str


def _people_born(births: Collection[date | None], department: Department) -> dict[date, _Born]:
    statement = (
        "SELECT birth_date, string_agg(id::text, E'\\n'), string_agg(name_key, E'\\n'), "  # noqa: S608
        "string_agg(COALESCE(birth_name_key, ''), E'\\n') FROM usagers_usager "
        f"WHERE department_id = %s AND birth_date = ANY({_LISTED}::date[]) GROUP BY birth_date"
    )
    found = bulk.rows(statement, [department.pk, bulk.listed(births)]) if births else ()
    return {birth_date: _Born(*lines) for birth_date, *lines in found}


def _lookalikes(asked: Asked, same_names: _Named, born: dict[date, _Born]) -> Match:
    birth_date = asked.identity.birth_date
    same = [
        pk
        for pk, known_birth in same_names.get(asked.names[0], ())
        if not (birth_date and known_birth and birth_date != known_birth)
    ]
    that_day = born.get(birth_date) if birth_date else None
    near = sorted(_named_nearly(asked.names, that_day) - {*same}) if that_day else []
    if not same and not near:
        return _UNKNOWN
    doubts = []
    if same:
        doubts.append("Une personne du même nom est déjà connue dans le département.")
    if near:
        doubts.append("Une personne née le même jour porte un nom très proche.")
    return Match(lookalikes=[*same, *near], doubts=doubts)


def _named_nearly(names: Iterable[str], born: _Born) -> set[int]:
    """The ids of those who have nearly one of these names."""
    places: set[int] = set()
    columns = [born.names, born.birth_names] if born.birth_names.strip() else [born.names]
    for column in columns:
        known = column.split("\n")
        for name in names:
            places.update(
                place for place, other in enumerate(known) if fuzz.ratio(name, other, score_cutoff=NEAR_NAME)
            )
    if not places:
        return set()
    ids = born.ids.split("\n")
    return {int(ids[place]) for place in places}


_UNKNOWN = Match()


def same_person(people: Iterable[Identity | Asked], department: Department) -> dict[int, int]:
    """Rows of one file that are one person: place of the row → place of the first row of that person.

    The same rules, in the same order, applied between the rows themselves.
    """
    asked = [one if isinstance(one, Asked) else Asked(one) for one in people]
    active = [rule for rule in RULES if rule.name not in department.disabled_matching_rules]
    shared = _shared_keys(asked, active)
    first_place: dict[tuple[int, str], list[tuple[int, Asked]]] = {}
    merged: dict[int, int] = {}
    for place, one in enumerate(asked):
        keys = [
            (rule, (rule.place, key))
            for rule in active
            if (key := one.keys[rule.place]) is not None and key in shared
        ]
        earlier = _earlier(one, keys, first_place)
        if earlier is not None:
            merged[place] = earlier
            continue
        for _, shared_key in keys:
            first_place.setdefault(shared_key, []).append((place, one))
    return merged


def _shared_keys(asked: Sequence[Asked], active: Sequence[Rule]) -> set[str]:
    """The keys that several rows have: nearly none, so that nearly no row is compared."""
    shared: set[str] = set()
    for rule in active:
        seen: set[str] = set()
        for one in asked:
            if key := one.keys[rule.place]:
                (shared if key in seen else seen).add(key)
    return shared


def _earlier(
    asked: Asked,
    keys: Sequence[tuple[Rule, tuple[int, str]]],
    first_place: dict[tuple[int, str], list[tuple[int, Asked]]],
) -> int | None:
    """The place of the first earlier row that is the same person."""
    for rule, key in keys:
        for other, known in first_place.get(key, ()):
            if rule.agrees(asked.identity, known.identity) and not _contradictions(
                asked, known.keys[0], known.identity.birth_date, known.names
            ):
                return other
    return None
