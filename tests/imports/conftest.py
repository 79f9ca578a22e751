"""Starting an import as the page and the command do."""

from collections.abc import Callable, Sequence

import pytest
from django.utils import timezone

from rdv_insertion.agents.models import Agent
from rdv_insertion.followups.models import MotifCategory
from rdv_insertion.imports import run as runner
from rdv_insertion.imports import services
from rdv_insertion.imports.enums import Routing
from rdv_insertion.imports.models import ImportRow, ImportRun
from rdv_insertion.territory.models import Organisation

Previewed = Callable[..., ImportRun]


@pytest.fixture
def previewed(organisation: Organisation, category: MotifCategory) -> Previewed:
    """An import of this content, its columns taken as guessed, ready to be written."""

    def start(
        content: bytes,
        *,
        contacts: bytes | None = None,
        organisation: Organisation = organisation,
        category: MotifCategory | None = category,
        columns: Sequence[str] | None = None,
        agent: Agent | None = None,
        routing: str = Routing.HERE,
    ) -> ImportRun:
        now = timezone.now()
        run = services.start(
            organisation=organisation,
            motif_category=category,
            agent=agent,
            routing=routing,
            file=services.File("liste.csv", content),
            contacts_file=services.File("contacts.csv", contacts) if contacts is not None else None,
            now=now,
        )
        services.set_columns(run=run, columns=columns or run.columns, now=now)
        return run

    return start


def write(run: ImportRun) -> ImportRun:
    """Write a previewed run in the foreground."""
    services.start_writing(run=run, now=timezone.now(), in_background=False)
    runner.write(run, now=timezone.now())
    run.refresh_from_db()
    return run


def states(run: ImportRun) -> list[str]:
    """The state of each row, in order."""
    return list(run.rows.order_by("number").values_list("state", flat=True))


def row(run: ImportRun, number: int) -> ImportRow:
    """One row, by the number that the spreadsheet shows."""
    found: ImportRow = run.rows.get(number=number)
    return found
