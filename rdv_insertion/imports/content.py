"""What one row of a file says, and what was understood of it: kept sealed, since it may hold a NIR."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from rdv_insertion.imports.normalise import Problem, ProblemKind
from rdv_insertion.usagers.identity import Identity

_OFTEN_EMPTY = (
    "corrections",
    "contacts",
    "tags",
    "referent_email",
    "organisation",
    "rights_end",
    "changes",
    "remarks",
)


@dataclass(slots=True, kw_only=True)
class RowContent:
    """The texts of a row by attribute, what agents typed instead, and what both mean.

    A correction to a blank erases what is known of the person; a blank in the file never does.
    """

    values: dict[str, str]
    corrections: dict[str, str] = field(default_factory=dict)
    # What the contact file of the CNAF added: typed values by attribute.
    contacts: dict[str, str] = field(default_factory=dict)
    identity: Identity = field(default_factory=Identity)
    problems: list[Problem] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    referent_email: str = ""
    # The name of an organisation, as the file spells it, or the slug that somebody chose.
    organisation: str = ""
    # The ISO date at which rights to the RSA ended, « ended » without date, or nothing.
    rights_end: str = ""
    # Attributes that writing would change, and French sentences that deserve a look.
    changes: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    @property
    def said(self) -> dict[str, str]:
        """The texts that count: corrections over the file's."""
        return {**self.values, **self.corrections}

    @property
    def erased(self) -> list[str]:
        """The attributes that somebody emptied on purpose."""
        return [name for name, text in self.corrections.items() if not text]

    @property
    def deserves_a_look(self) -> bool:
        """Whether something was refused, is doubtful or is to be known; a repair is only said."""
        return bool(self.remarks) or any(one.kind != ProblemKind.REPAIRED for one in self.problems)

    def as_json(self) -> dict[str, Any]:
        """For storage: what is empty is left out."""
        kept: dict[str, Any] = {"values": self.values, "identity": self.identity.known()}
        if self.problems:
            kept["problems"] = [problem.as_json() for problem in self.problems]
        for name in _OFTEN_EMPTY:
            if value := getattr(self, name):
                kept[name] = value
        return kept

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """Reverse `as_json`."""
        kept = {"values": {}, **stored}
        kept["identity"] = Identity.from_json(kept.get("identity", {}))
        kept["problems"] = [Problem.from_json(problem) for problem in kept.get("problems", ())]
        return cls(**kept)
