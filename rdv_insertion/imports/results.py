"""What came of an import, as the page, the report, the command and later readers say it."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db import models
from django.db.models import Count, Exists, ExpressionWrapper, OuterRef, Q, QuerySet

from rdv_insertion.followups.models import FollowUp
from rdv_insertion.imports.columns import FIELD_LABELS, column_letter
from rdv_insertion.imports.enums import REFUSED, WRITABLE, RowState, Stage
from rdv_insertion.imports.models import ImportRow, ImportRun
from rdv_insertion.imports.normalise import ProblemKind
from rdv_insertion.imports.run import to_write
from rdv_insertion.invitations.enums import InvitationOrigin
from rdv_insertion.invitations.models import Invitation
from rdv_insertion.kernel.progress import Progress
from rdv_insertion.messaging.enums import FAILED, MessageStatus


def progress(run: ImportRun) -> Progress:
    """Rows done and to do of the writing, or of the invitations, since that work began. One query."""
    if run.stage == Stage.INVITING:
        moment, waiting = "invited_at", Q(to_invite=True, invited_at=None)
    else:
        moment, waiting = "written_at", to_write()
    done = Q(**{f"{moment}__gte": run.stage_began_at or run.created_at})
    counts = run.rows.aggregate(done=Count("pk", filter=done), total=Count("pk", filter=done | waiting))
    return Progress(done=counts["done"], total=counts["total"], began_at=run.stage_began_at)


def counts_by_state(run: ImportRun) -> dict[str, int]:
    """How many rows are in each state; those that were kept when the rows were erased."""
    if run.erased_at is not None:
        return {state: count for state, count in run.counts.items() if state in RowState.values}
    return dict(run.rows.order_by().values_list("state").annotate(Count("pk")))


@dataclass
class Figures:
    """The rows of a run by what became of them."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    # What could be written and that nobody chose.
    left_out: int = 0
    duplicates: int = 0
    unassigned: int = 0
    merged: int = 0
    refused: int = 0
    undone: int = 0

    @property
    def all_undone(self) -> bool:
        """Whether everything that the run did was taken back."""
        return bool(self.undone) and not (self.created or self.updated or self.unchanged)


_COUNTED_AS = {
    RowState.CREATED: "created",
    RowState.UPDATED: "updated",
    RowState.UNCHANGED: "unchanged",
    RowState.DUPLICATE: "duplicates",
    RowState.UNASSIGNED: "unassigned",
    RowState.MERGED: "merged",
    RowState.ERROR: "refused",
    RowState.REFUSED: "refused",
    RowState.UNDONE: "undone",
}


def figures(run: ImportRun) -> tuple[Figures, dict[str, Figures]]:
    """The figures of a written run, and by organisation when there are several. One query."""
    total, by_organisation = Figures(), defaultdict[str, Figures](Figures)
    for state, name, written, count in _counted(run):
        left_out = state in WRITABLE and not written
        attribute = "left_out" if left_out else _COUNTED_AS[RowState(state)]
        for one in (total, by_organisation[name] if name else Figures()):
            setattr(one, attribute, getattr(one, attribute) + count)
    several = dict(sorted(by_organisation.items())) if len(by_organisation) > 1 else {}
    return total, several


def _counted(run: ImportRun) -> list[tuple[str, str | None, bool, int]]:
    if run.erased_at is not None:
        return [(state, None, True, count) for state, count in counts_by_state(run).items()]
    written = ExpressionWrapper(Q(written_at__isnull=False), output_field=models.BooleanField())
    groups = run.rows.order_by().annotate(written=written)
    named = groups.values_list(*["state", "organisation__name", "written"])
    return list(named.annotate(Count("pk")))


def invitations_sent(run: ImportRun) -> QuerySet[Invitation]:
    """The invitations that this run sent, by name: those of one block have the moment of its rows."""
    moments = run.rows.filter(invited_at__isnull=False).order_by().values("invited_at").distinct()
    people = run.rows.filter(invited_at__isnull=False).values("usager")
    return Invitation.objects.filter(
        origin=InvitationOrigin.USER_LIST_UPLOAD,
        created_at__in=moments,
        follow_up__motif_category=run.motif_category,
        follow_up__usager__in=people,
    ).order_by("follow_up__usager__last_name", "follow_up__usager__first_name", "id")


def invitations_of(rows: Iterable[ImportRow], run: ImportRun) -> dict[int, list[Invitation]]:
    """The invitations that this run sent to the people of these rows, with their messages, by usager id."""
    moments = {row.usager_id: row.invited_at for row in rows if row.invited_at}
    found: defaultdict[int, list[Invitation]] = defaultdict(list)
    sent = invitations_sent(run).filter(follow_up__usager__in=moments)
    for invitation in sent.select_related("message", "follow_up"):
        if invitation.created_at == moments[invitation.follow_up.usager_id]:
            found[invitation.follow_up.usager_id].append(invitation)
    return found


def messages_of(run: ImportRun) -> dict[str, dict[str, int]]:
    """How many messages of this run are in each status, by channel."""
    counted = invitations_sent(run).order_by().values_list("channel", "message__status").annotate(Count("pk"))
    by_channel: defaultdict[str, dict[str, int]] = defaultdict(dict)
    for channel, status, count in counted:
        by_channel[channel][status] = count
    return by_channel


class Outcome(models.TextChoices):
    """Which of the people that a run was to invite are looked at."""

    ALL = "", "Toutes"
    FAILED = "echecs", "Message en échec"
    NOT_INVITED = "refus", "Pas invitées"


def invited_rows(run: ImportRun, outcome: str = Outcome.ALL) -> QuerySet[ImportRow]:
    """The rows that were to be invited, or those of one outcome, in the order of the file."""
    rows = run.rows.filter(to_invite=True, invited_at__isnull=False).order_by("number")
    sent = invitations_sent(run).order_by()
    if outcome == Outcome.FAILED:
        failed = sent.filter(message__status__in=FAILED)
        return rows.filter(usager__in=failed.values("follow_up__usager"))
    if outcome == Outcome.NOT_INVITED:
        reached = FollowUp.objects.filter(usager=OuterRef("usager"), pk__in=sent.values("follow_up"))
        return rows.filter(~Exists(reached))
    return rows


def words_of(status: str | None, failure: str = "") -> str:
    """What became of a message: `Envoyé`, `Non distribué : la boîte n'existe pas.`"""
    label = MessageStatus(status or MessageStatus.CREATED).label
    return f"{label} : {failure}" if failure and status in FAILED else str(label)


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
    sent = dict(invitations_sent(run).order_by().values_list("channel").annotate(Count("pk")))
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
    """What is to be known of a row: remarks, then the values that were not understood, in French."""
    content = row.content
    values = [
        f"{FIELD_LABELS[problem.attribute]}{_cell(row, problem.attribute)} : {problem.sentence}."
        for problem in content.problems
        if problem.kind != ProblemKind.REPAIRED
    ]
    return " ".join([*content.remarks, *values])


def _cell(row: ImportRow, attribute: str) -> str:
    """` en D4`: where the file says it; nothing for what was typed here, spread out, or read from a flow."""
    places = [place for place, name in enumerate(row.run.columns) if name == attribute]
    if len(places) != 1 or attribute in row.content.corrections or row.run.flow:
        return ""
    return f" en {column_letter(places[0])}{row.number}"
