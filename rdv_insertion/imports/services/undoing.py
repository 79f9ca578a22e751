"""Taking back an import: the people it created within the hour, whom nobody has touched since."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import models, transaction
from django.db.models import Case, Count, Exists, F, Max, OuterRef, Q, QuerySet, Value, When

from rdv_insertion.agenda.models import Participation
from rdv_insertion.followups.models import FollowUp
from rdv_insertion.followups.services import delete_follow_ups
from rdv_insertion.imports.enums import RowState, Stage
from rdv_insertion.imports.models import ImportRow, ImportRun
from rdv_insertion.imports.services.stages import lock
from rdv_insertion.imports.services.work import invitable_rows
from rdv_insertion.invitations.models import Invitation
from rdv_insertion.invitations.services.runs import leave_runs
from rdv_insertion.kernel import bulk
from rdv_insertion.messaging.models import Message, RefusedContact
from rdv_insertion.usagers.models import Usager, UsagerOrganisation
from rdv_insertion.usagers.services import delete_people, lock_department

WITHIN = timedelta(hours=1)
_OPEN = (Stage.WRITTEN, Stage.DONE)


class Kept(models.TextChoices):
    """Why somebody whom the run created is not deleted: the first reason found, in this order."""

    TOO_OLD = "too_old", "Créées depuis plus d'une heure"
    INVITED = "invited", "Déjà invitées"
    WITH_RDV = "with_rdv", "Avec un rendez-vous"
    TOLD = "told", "À qui un message a été envoyé"
    EDITED = "edited", "Modifiées depuis"
    FOLLOWED_UP = "followed_up", "Dont un suivi a été ouvert ou clos depuis"
    ELSEWHERE = "elsewhere", "Suivies aussi par une autre organisation, ou archivées"
    IMPORTED_AGAIN = "imported_again", "Présentes dans un autre import enregistré depuis"


@dataclass(frozen=True)
class UndoPlan:
    """What undoing would do now: how many people it deletes, and how many it keeps by reason."""

    people: int
    kept: Mapping[Kept, int]
    # Until when somebody can still be deleted; None once the hour is over.
    until: datetime | None

    @property
    def kept_count(self) -> int:
        """How many of those whom the run created would stay."""
        return sum(self.kept.values())


def undoable_until(run: ImportRun, *, now: datetime) -> datetime | None:
    """Until when something of this run may be undone, or None: it created nobody within the hour."""
    recent = run.rows.filter(state=RowState.CREATED, usager__isnull=False, written_at__gt=now - WITHIN)
    last: datetime | None = recent.aggregate(last=Max("written_at"))["last"]
    return last + WITHIN if last else None


def undo_plan(run: ImportRun, *, now: datetime) -> UndoPlan:
    """What `undo_creations` would do at `now`. Two queries."""
    created = _created(run, now).order_by().values_list(*["kept"])
    counts = dict(created.annotate(Count("usager", distinct=True)))
    people = counts.pop("", 0)
    kept = {reason: counts[reason] for reason in Kept if reason in counts}
    return UndoPlan(people, kept, undoable_until(run, now=now))


def undoable_rows(run: ImportRun, *, now: datetime) -> QuerySet[ImportRow]:
    """The rows of people created by this run within the hour before `now`, and untouched since (see Kept)."""
    return _created(run, now).filter(Q(("kept", "")))


def _created(run: ImportRun, now: datetime) -> QuerySet[ImportRow]:
    """The rows of the people whom the run created, with `kept`: why they stay, or an empty text."""
    usager, written_at = OuterRef("usager"), OuterRef("written_at")
    opened_by_run = Q(motif_category=run.motif_category_id, created_at=written_at, closed_at=None)
    as_written = Q(organisation=OuterRef("organisation"), archived_at=None)
    reasons = (
        (Q(written_at__lte=now - WITHIN), Kept.TOO_OLD),
        (Exists(Invitation.objects.filter(follow_up__usager=usager)), Kept.INVITED),
        (Exists(Participation.objects.filter(usager=usager)), Kept.WITH_RDV),
        (
            Exists(Message.objects.filter(usager=usager))
            | Exists(RefusedContact.objects.filter(usager=usager)),
            Kept.TOLD,
        ),
        (~Q(usager__updated_at=F("written_at")), Kept.EDITED),
        (Exists(FollowUp.objects.filter(usager=usager).exclude(opened_by_run)), Kept.FOLLOWED_UP),
        (Exists(UsagerOrganisation.objects.filter(usager=usager).exclude(as_written)), Kept.ELSEWHERE),
        (
            Exists(ImportRow.objects.filter(usager=usager, written_at__isnull=False).exclude(run=run)),
            Kept.IMPORTED_AGAIN,
        ),
    )
    cases = [When(condition, then=Value(reason.value)) for condition, reason in reasons]
    return run.rows.filter(state=RowState.CREATED, usager__isnull=False, written_at__isnull=False).annotate(
        kept=Case(*cases, default=Value(""))
    )


@transaction.atomic
def undo_creations(*, run: ImportRun, now: datetime) -> int:
    """Delete those people with their follow-ups; how many. Their rows say so, and are not written again.

    An import of which nothing remains to invite is over. A constant number of queries. Raises WrongStage.
    """
    lock(run, *_OPEN)
    lock_department(run.organisation.department)
    candidates = _people(undoable_rows(run, now=now))
    _hold(candidates)
    # Once they are held, nobody touches them any more: those touched meanwhile stay.
    held = undoable_rows(run, now=now).filter(usager__in=candidates)
    people = _people(held)
    if people:
        _forget(run, people)
    if run.stage == Stage.WRITTEN and not invitable_rows(run).exists():
        ImportRun.objects.filter(pk=run.pk).update(stage=Stage.DONE)
        run.stage = Stage.DONE
    return len(people)


def _people(rows: QuerySet[ImportRow]) -> set[int]:
    return {usager for usager in rows.values_list("usager_id", flat=True) if usager is not None}


def _hold(people: Collection[int]) -> None:
    """Wait for whoever is inviting or changing these people, and keep everybody else waiting."""
    for known in (FollowUp.objects.filter(usager__in=people), Usager.objects.filter(pk__in=people)):
        list(known.select_for_update(of=("self",)).order_by("pk").values_list("pk"))


def _forget(run: ImportRun, people: Collection[int]) -> None:
    """Delete the people, and what rows of imports say of them; several rows may have written one of them."""
    bulk.delete(ImportRow.lookalikes.through, "usager_id", people)
    rows = ImportRow.objects.filter(usager__in=people)
    rows.filter(run=run, written_at__isnull=False).update(state=RowState.UNDONE, usager=None, to_invite=False)
    rows.update(usager=None)
    leave_runs(usager_ids=people)
    delete_follow_ups(usager_ids=people)
    delete_people(usager_ids=people)
