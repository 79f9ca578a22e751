"""What an import holds of people is kept for a time, then erased: when, which file and figures remain."""

from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import Q, QuerySet

from rdv_insertion.imports.enums import Stage
from rdv_insertion.imports.models import ImportFile, ImportRun
from rdv_insertion.imports.results import counts_by_state
from rdv_insertion.imports.services import has_job

# No work on a run lasts as long: one that is still in hand after that has been left by its worker.
_AT_WORK = timedelta(days=1)
_WORKING = (Stage.CHECKING, Stage.WRITING, Stage.INVITING)


def expired(*, now: datetime) -> QuerySet[ImportRun]:
    """The runs whose time is over, those that somebody is working on aside."""
    at_work = Q(stage__in=_WORKING, stage_began_at__gt=now - _AT_WORK)
    return ImportRun.objects.filter(kept_until__lt=now, erased_at=None).exclude(at_work)


def erase_expired(*, now: datetime) -> int:
    """Erase the rows and the files of the runs whose time is over; how many runs.

    A run that nobody finished is over too: written or not, it stays as it is.
    """
    return sum(_erase(key, now) for key in list(expired(now=now).order_by("pk").values_list("pk", flat=True)))


@transaction.atomic
def _erase(key: int, now: datetime) -> bool:
    """Erase one run, unless somebody has it in hand."""
    run = expired(now=now).select_for_update(skip_locked=True).filter(pk=key).first()
    if run is None or (run.stage in _WORKING and has_job(run)):
        return False
    run.counts = counts_by_state(run)
    run.unknown_tags, run.unknown_referents = [], []
    run.stage, run.erased_at = Stage.DONE, now
    run.save(update_fields=["counts", "unknown_tags", "unknown_referents", "stage", "erased_at"])
    ImportFile.objects.filter(run=run).delete()
    # Two statements, whatever their number: the models would read every row before they delete it.
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM imports_importrow_lookalikes AS link USING imports_importrow AS line "
            "WHERE link.importrow_id = line.id AND line.run_id = %s",
            [run.pk],
        )
        cursor.execute("DELETE FROM imports_importrow WHERE run_id = %s", [run.pk])
    return True
