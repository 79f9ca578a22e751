"""A row while it is being checked: light, since there may be fifty thousand of them."""

from dataclasses import dataclass, field

from rdv_insertion.imports.content import RowContent
from rdv_insertion.imports.enums import Decision, RowState
from rdv_insertion.territory.models import Organisation
from rdv_insertion.usagers.matching import Asked, Known


@dataclass(slots=True)
class CheckedRow:
    """What the file says, then little by little what will become of it."""

    number: int
    content: RowContent
    asked: Asked
    state: str = ""
    organisation: Organisation | None = None
    known: Known | None = None
    lookalikes: list[int] = field(default_factory=list)
    same_as: int | None = None
    rights_ended: bool = False
    # What somebody decided before, kept while the row is checked again.
    decision: str = Decision.LATER
    chosen: int | None = None
    selected: bool = True

    @property
    def is_merged(self) -> bool:
        """Whether another row speaks for this person."""
        return self.state == RowState.MERGED

    @property
    def usager_id(self) -> int | None:
        """Whom the row is about: recognised by the rules, else by somebody."""
        return self.known.pk if self.known else self.chosen

    @property
    def keys(self) -> str:
        """What relates rows of one file, as stored: the keys of the rules, separated by blanks."""
        keys = [f"{place}:{key}" for place, key in enumerate(self.asked.keys) if key]
        return " ".join([key.replace(" ", "_") for key in keys])
