"""From a file to invitations without anybody in between: what the command and the watched folder do alike."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from rdv_insertion.followups.models import MotifCategory
from rdv_insertion.imports import run as runner
from rdv_insertion.imports import services
from rdv_insertion.imports.enums import Decision, Routing, RowState, Stage
from rdv_insertion.imports.layout import Layout, apply
from rdv_insertion.imports.models import ImportRun
from rdv_insertion.invitations.services import free_slots
from rdv_insertion.territory.models import Organisation

_AS_USUAL = Layout()


@dataclass(frozen=True, kw_only=True)
class Wishes:
    """What is to be done of a file: for whom, what for, who is invited how."""

    organisation: Organisation
    motif_category: MotifCategory | None
    # By which channels those who were written are invited; nobody is without any.
    channels: Sequence[str] = ()
    routing: str = Routing.HERE
    # Whether possible duplicates are written as other people, or left for somebody to decide.
    creates_lookalikes: bool = False
    # When nothing is free to choose, wait for somebody instead of telling each row so.
    waits_for_slots: bool = False


@transaction.atomic
def preview(
    *,
    wishes: Wishes,
    file: services.File,
    origin: str,
    now: datetime,
    contacts_file: services.File | None = None,
    layout: Layout = _AS_USUAL,
) -> ImportRun:
    """Read a file by its `layout`, else the columns remembered for its titles, else guessed; check its rows.

    Raises UnreadableFile, and then nothing is written.
    """
    run = services.start(
        organisation=wishes.organisation,
        motif_category=wishes.motif_category,
        agent=None,
        file=file,
        contacts_file=contacts_file,
        routing=wishes.routing,
        origin=origin,
        now=now,
    )
    apply(run, layout)
    # A CNAF flow says what its columns are, and is previewed already.
    if run.stage == Stage.COLUMNS:
        services.set_columns(run=run, columns=run.columns, now=now)
    return run


def go_on(*, run: ImportRun, wishes: Wishes, now: datetime) -> None:
    """Bring a previewed run to its end, from wherever it is: written, then invited if wished.

    A run whose worker died goes on where it stopped; one that is over is left as it is.
    """
    run.refresh_from_db(fields=["stage"])
    if run.stage == Stage.CHECKING:
        services.check(run=run, now=now)
        run.refresh_from_db(fields=["stage"])
    if run.stage == Stage.PREVIEW:
        _decide(run, wishes)
        services.start_writing(run=run, now=now, in_background=False)
    if run.stage == Stage.WRITING:
        runner.write(run, now=now)
        run.refresh_from_db(fields=["stage", "written_at"])
    if run.stage == Stage.WRITTEN:
        _start_inviting(run, wishes, now)
    if run.stage == Stage.INVITING:
        runner.invite(run, now=now)
        run.refresh_from_db(fields=["stage", "invited_at"])


def _decide(run: ImportRun, wishes: Wishes) -> None:
    if wishes.creates_lookalikes:
        waiting = run.rows.filter(state=RowState.DUPLICATE, decision=Decision.LATER, written_at=None)
        waiting.update(decision=Decision.DIFFERENT)


def _start_inviting(run: ImportRun, wishes: Wishes, now: datetime) -> None:
    """Have those who were written invited; without a free slot, they wait for somebody who opens some."""
    if not wishes.channels or run.motif_category_id is None:
        services.finish_without_inviting(run=run, now=now)
    elif not wishes.waits_for_slots or _has_free_slots(run, now):
        services.start_inviting(run=run, channels=wishes.channels, now=now, in_background=False)


def _has_free_slots(run: ImportRun, now: datetime) -> bool:
    """Whether an organisation that got people has something free to choose; true when it got nobody."""
    invited = set(services.invitable_rows(run).order_by().values_list("organisation_id", flat=True))
    configurations = runner.configurations_of(run)
    several = [configurations[one] for one in invited if one in configurations]
    return not invited or any(free_slots(configuration, now=now) for configuration in several)
