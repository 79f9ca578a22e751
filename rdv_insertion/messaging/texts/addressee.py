"""The person who reads a text: how they are greeted, and how words agree with them."""

import re
from dataclasses import dataclass

from rdv_insertion.kernel.languages import Language, active
from rdv_insertion.kernel.text import squish
from rdv_insertion.usagers.enums import Title
from rdv_insertion.usagers.models import Usager

_TO_AGREE = re.compile(r"\((?:e|ne)\)")


@dataclass(frozen=True)
class Addressee:
    """Names as they are kept, and the title when it is known (`usagers.enums.Title`)."""

    first_name: str
    last_name: str
    title: str | None = None

    @property
    def name(self) -> str:
        """`Madame Maïa N'DIAYE`; in another language than French, the names alone."""
        in_french = active() == Language.FR and self.title in Title
        titled = Title(self.title).label if in_french and self.title else ""
        return squish(f"{titled} {self.names}")

    @property
    def names(self) -> str:
        """`Maïa N'DIAYE`."""
        return squish(f"{self.first_name} {self.last_name.upper()}")

    def agree(self, word: str) -> str:
        """A French word as it agrees with the person: `invité`, `invitée` or, not knowing, `invité(e)`."""
        return word + self.say(woman="e", man="", other="(e)")

    def agreed(self, text: str) -> str:
        """French words typed for everybody (`demandeur(euse)` stays, `invité(e)`, `citoyen(ne)` agree)."""
        return text if self.title is None else _TO_AGREE.sub(self._ending, text)

    def say(self, *, woman: str, man: str, other: str) -> str:
        """The sentence that fits: whole ones, since each language agrees in its own way."""
        return {Title.MADAME.value: woman, Title.MONSIEUR.value: man}.get(str(self.title), other)

    def _ending(self, found: re.Match[str]) -> str:
        return self.say(woman=found.group()[1:-1], man="", other=found.group())


def addressee_of(usager: Usager) -> Addressee:
    """How `usager` is written to."""
    return Addressee(usager.first_name, usager.last_name, usager.title)
