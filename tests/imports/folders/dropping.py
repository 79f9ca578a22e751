"""Files to drop, and what lies there afterwards."""

import os
from pathlib import Path

from django.utils import timezone

from rdv_insertion.imports.folders.drop_box import NOTE
from tests.imports import files

LIST = files.csv(("Nom", "Prénom", "Mail"), ("Roux", "Zoé", "zoe@courriel.test"))
NONSENSE = files.csv(("Bleu", "Vert"), ("1", "2"))


def drop(place: Path, name: str | bytes = "liste.csv", content: bytes = LIST, *, age: float = 60) -> Path:
    path = Path(os.fsdecode(os.path.join(os.fsencode(place), os.fsencode(name))))
    path.write_bytes(content)
    at = timezone.now().timestamp() - age
    os.utime(path, (at, at))
    return path


def names(path: Path) -> list[str]:
    return sorted(one.name for one in path.iterdir())


def note(path: Path) -> str:
    """What is said beside a file."""
    return path.with_name(f"{path.name}{NOTE}").read_text(encoding="utf-8-sig")
