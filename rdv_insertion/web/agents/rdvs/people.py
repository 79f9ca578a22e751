"""Choosing who comes: the people an agent follows, and, masked, those of the rest of the department."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.core import signing

from rdv_insertion.agents.models import Agent
from rdv_insertion.territory.models import Department
from rdv_insertion.usagers.models import Usager, UsagerQuerySet

_SHOWN = 8
# A few letters would let anybody leaf through a department.
_SHORTEST_SEARCH_ELSEWHERE = 3
_VALID_FOR_SECONDS = 8 * 3600


@dataclass(frozen=True)
class Person:
    """Somebody who may be chosen. `value` is what forms and addresses say; a masked one shows little."""

    usager: Usager
    value: str
    masked: bool

    @property
    def label(self) -> str:
        """`Marina Foïs, née le 03/04/1985, 26150 Die`, or `Marina F., 1985, Die` when masked."""
        usager = self.usager
        if self.masked:
            parts = [
                f"{usager.first_name} {usager.last_name[:1]}.",
                f"{usager.birth_date:%Y}" if usager.birth_date else "",
                usager.town.partition(" ")[2],
            ]
        else:
            parts = [str(usager), f"{usager.birth_date:%d/%m/%Y}" if usager.birth_date else "", usager.town]
        return ", ".join(part for part in parts if part)

    @property
    def name(self) -> str:
        """The name that may be shown."""
        return f"{self.usager.first_name} {self.usager.last_name[:1]}." if self.masked else str(self.usager)


@dataclass(frozen=True)
class Found:
    """What a search gives: people the agent follows, then people only others of the department follow."""

    typed: str = ""
    own: Sequence[Person] = ()
    others: Sequence[Person] = ()

    @property
    def nobody(self) -> bool:
        """Whether something was looked for, and nobody found."""
        return bool(self.typed) and not self.own and not self.others


def search(agent: Agent, typed: str, excluded: Iterable[int] = ()) -> Found:
    """The first people that `typed` finds: name, phone, mail or number, never the NIR. Two queries."""
    typed = typed.replace("\x00", "").strip()[:100]
    if not typed:
        return Found()
    left_out = list(excluded)
    own = Usager.objects.visible_to(agent).search(typed).exclude(pk__in=left_out)
    found = [Person(usager, str(usager.pk), masked=False) for usager in own[:_SHOWN]]
    if len(typed) < _SHORTEST_SEARCH_ELSEWHERE:
        return Found(typed, found)
    visible = Usager.objects.visible_to(agent).values("pk")
    others = _of_the_departments(agent).search(typed).exclude(pk__in=visible).exclude(pk__in=left_out)
    masked = [Person(usager, _token(agent, usager.pk), masked=True) for usager in others[:_SHOWN]]
    return Found(typed, found, masked)


def chosen(agent: Agent, values: Iterable[str]) -> list[Person]:
    """Those that a form or an address names, each once, in order; whoever may not be chosen is left out.

    A plain number is a person the agent follows; others only have the signed value of a search's result.
    """
    wanted: dict[int, bool] = {}
    for value in values:
        pk = int(value) if value.isdecimal() and len(value) < 19 else _read_token(agent, value)
        if pk is not None:
            wanted[pk] = wanted.get(pk, False) or not value.isdecimal()
    if not wanted:
        return []
    own = Usager.objects.visible_to(agent).select_related("department").in_bulk(list(wanted))
    elsewhere = [pk for pk, signed in wanted.items() if signed and pk not in own]
    others = _of_the_departments(agent).in_bulk(elsewhere) if elsewhere else {}
    people = []
    for pk in wanted:
        if pk in own:
            people.append(Person(own[pk], str(pk), masked=False))
        elif pk in others:
            people.append(Person(others[pk], _token(agent, pk), masked=True))
    return people


def chosen_one(agent: Agent, value: str) -> Person | None:
    """The person that `value` names; None when it names nobody."""
    return next(iter(chosen(agent, [value])), None)


def _of_the_departments(agent: Agent) -> UsagerQuerySet:
    departments = Department.objects.filter(
        organisations__roles__agent=agent, organisations__archived_at=None
    )
    return Usager.objects.filter(department__in=departments.values("pk")).select_related("department")


def _token(agent: Agent, usager_id: int) -> str:
    return signing.dumps(usager_id, salt=_salt(agent))


def _read_token(agent: Agent, value: str) -> int | None:
    try:
        pk = signing.loads(value, salt=_salt(agent), max_age=_VALID_FOR_SECONDS)
    except signing.BadSignature:
        return None
    return pk if isinstance(pk, int) else None


def _salt(agent: Agent) -> str:
    return f"person-for-agent-{agent.pk}"


def picked(agent: Agent, usager: Usager) -> Person:
    """A person of the department as this agent may choose them."""
    own = Usager.objects.visible_to(agent).filter(pk=usager.pk).exists()
    return Person(usager, str(usager.pk) if own else _token(agent, usager.pk), masked=not own)
