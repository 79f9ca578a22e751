"""`manage.py build_towns`: the list of towns, from the `@etalab/decoupage-administratif` package of npm.

    npm pack @etalab/decoupage-administratif@6.0.0 && tar -xzf etalab-decoupage-administratif-6.0.0.tgz
    python manage.py build_towns package/data/communes.json

The package weighs 13 MB and is made for Node. What is looked up here is kept in the repository (450 kB), so
that nothing is downloaded to install or to run. The official code of towns changes once a year.
Data of INSEE and La Poste, under the Licence Ouverte 2.0; the package is under the MIT licence.
"""

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management import BaseCommand, CommandParser

from rdv_insertion.territory.addresses.towns import DATA, SEPARATOR, Kind

_KINDS = {
    "commune-actuelle": Kind.TOWN,
    "arrondissement-municipal": Kind.ARRONDISSEMENT,
    "commune-deleguee": Kind.FORMER,
    "commune-associee": Kind.FORMER,
}


class Command(BaseCommand):
    """Rewrites the list of towns."""

    help = "Refait la liste des communes et de leurs codes postaux, à partir du fichier communes.json"

    def add_arguments(self, parser: CommandParser) -> None:
        """The file of the package, and where to write."""
        parser.add_argument("source", type=Path)
        parser.add_argument("--target", type=Path, default=DATA)

    def handle(self, *, source: Path, target: Path, **options: Any) -> None:
        """Write the list, sorted and without a date, so that the same source gives the same bytes."""
        lines = sorted(set(_lines(json.loads(source.read_text()))))
        target.write_bytes(gzip.compress("\n".join(lines).encode(), mtime=0))
        self.stdout.write(f"{len(lines)} communes")


def _lines(towns: list[dict[str, Any]]) -> Iterator[str]:
    """Code, name, kind, code of the town it is or has become a part of, postcodes, inhabitants."""
    for town in towns:
        parent = town.get("chefLieu") or town.get("commune") or ""
        postcodes = ",".join(town.get("codesPostaux", []))
        people = str(town.get("population", 0))
        yield SEPARATOR.join((town["code"], town["nom"], _KINDS[town["type"]], parent, postcodes, people))
