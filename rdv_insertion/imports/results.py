"""What came of an import, as the page, the command and later readers say it."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Q, QuerySet

from rdv_insertion.imports.enums import REFUSED, RowState, Stage
from rdv_insertion.imports.models import ImportRow, ImportRun
from rdv_insertion.imports.run import to_write
from rdv_insertion.invitations.enums import InvitationOrigin
from rdv_insertion.invitations.models import Invitation


@dataclass(frozen=True)
class Progress:
    """How far the present work of a run is."""

    done: int
    total: int
    began_at: datetime | None

    @property
    def percentage(self) -> int:
        """From 0 to 100; 100 only when all is done."""
        return 100 * self.done // self.total if self.total else 100

    def time_left(self, now: datetime) -> timedelta | None:
        """An estimate, once something is done."""
        if not self.done or not self.began_at:
            return None
        return (now - self.began_at) / self.done * (self.total - self.done)


def progress(run: ImportRun) -> Progress:
    """Rows done and to do of the writing, or of the invitations."""
    if run.stage == Stage.INVITING:
        chosen = run.rows.filter(to_invite=True)
        counts = chosen.aggregate(done=Count("pk", filter=Q(invited_at__isnull=False)), total=Count("pk"))
    else:
        done = Q(written_at__isnull=False)
        counts = run.rows.aggregate(
            done=Count("pk", filter=done), total=Count("pk", filter=done | to_write())
        )
    return Progress(done=counts["done"], total=counts["total"], began_at=run.stage_began_at)


def counts_by_state(run: ImportRun) -> dict[str, int]:
    """How many rows are in each state."""
    return dict(run.rows.order_by().values_list("state").annotate(Count("pk")))


def invitations_of(rows: Iterable[ImportRow], run: ImportRun) -> dict[int, list[Invitation]]:
    """The invitations that this run sent to the people of these rows, with their messages, by usager id."""
    moments = {row.usager_id: row.invited_at for row in rows if row.invited_at}
    found: defaultdict[int, list[Invitation]] = defaultdict(list)
    for invitation in _sent(run).filter(follow_up__usager__in=moments).select_related("message", "follow_up"):
        if invitation.created_at == moments[invitation.follow_up.usager_id]:
            found[invitation.follow_up.usager_id].append(invitation)
    return found


def letters_of(run: ImportRun) -> QuerySet[Invitation]:
    """The postal invitations of this run, with what a letter says, by row."""
    letters = _sent(run).filter(channel="postal")
    return letters.select_related("message", "organisation__department", "follow_up__usager")


def message_statuses_of(run: ImportRun) -> dict[str, int]:
    """How many messages of this run are in each status."""
    return dict(_sent(run).order_by().values_list("message__status").annotate(Count("pk")))


def _sent(run: ImportRun) -> QuerySet[Invitation]:
    """All the invitations of one block have the moment of its rows."""
    moments = run.rows.filter(invited_at__isnull=False).order_by().values("invited_at").distinct()
    people = run.rows.filter(invited_at__isnull=False).values("usager")
    return Invitation.objects.filter(
        organisation=run.organisation,
        origin=InvitationOrigin.USER_LIST_UPLOAD,
        created_at__in=moments,
        follow_up__motif_category=run.motif_category,
        follow_up__usager__in=people,
    ).order_by("follow_up__usager__last_name", "follow_up__usager__first_name", "id")


@dataclass(frozen=True)
class Summary:
    """A run in figures; `errors` are (row number, French sentence)."""

    rows: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    duplicates: int = 0
    errors: list[tuple[int, str]] = field(default_factory=list)
    invited: Mapping[str, int] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """The keys that scripts rely on, in this order."""
        errors = [{"row": row, "message": message} for row, message in self.errors]
        return {**vars(self), "errors": errors, "invited": dict(self.invited)}


def summarise(run: ImportRun, *, channels: Iterable[str] = ()) -> Summary:
    """What a run wrote and sent. People known but left alone (archived…) count as unchanged."""
    counts = counts_by_state(run)
    refused = run.rows.filter(state__in=REFUSED).order_by("number")
    sent = dict(_sent(run).order_by().values_list("channel").annotate(Count("pk")))
    return Summary(
        rows=sum(counts.values()),
        created=counts.get(RowState.CREATED, 0),
        updated=counts.get(RowState.UPDATED, 0),
        unchanged=counts.get(RowState.UNCHANGED, 0) + counts.get(RowState.TO_UPDATE, 0),
        duplicates=counts.get(RowState.DUPLICATE, 0),
        errors=[(row.number, refusal_of(row)) for row in refused],
        invited={channel: sent.get(channel, 0) for channel in channels},
    )


def refusal_of(row: ImportRow) -> str:
    """Why a row is refused, with the values that were not understood, in French."""
    values = [f"{problem['label']} en {problem['cell']} : {problem['sentence']}." for problem in row.problems]
    return " ".join([*row.remarks, *values])
