"""Tags and referents that a file names and that nobody created: listed once, created on request."""

from collections.abc import Collection

from django.db import transaction

from rdv_insertion.agents.models import Agent
from rdv_insertion.agents.services import join
from rdv_insertion.imports.models import ImportRun
from rdv_insertion.imports.services.stages import DECIDABLE, lock
from rdv_insertion.usagers.models import Tag


@transaction.atomic
def create_tags(*, run: ImportRun, values: Collection[str]) -> list[Tag]:
    """Create these tags in the department; only those that the file names. Raises WrongStage."""
    lock(run, *DECIDABLE)
    run.refresh_from_db(fields=["unknown_tags"])
    wanted = [value for value in run.unknown_tags if value in values]
    tags = [Tag(department_id=run.organisation.department_id, value=value) for value in wanted]
    Tag.objects.bulk_create(tags, ignore_conflicts=True)
    run.unknown_tags = [value for value in run.unknown_tags if value not in values]
    run.save(update_fields=["unknown_tags"])
    return tags


@transaction.atomic
def add_referents(*, run: ImportRun, mails: Collection[str]) -> list[Agent]:
    """Have the agents of these addresses join the organisation of the import, created when nobody knows them;
    only those that the file names. Raises WrongStage.
    """
    lock(run, *DECIDABLE)
    run.refresh_from_db(fields=["unknown_referents"])
    wanted = [mail for mail in run.unknown_referents if mail in mails]
    agents = [join(email=mail, organisation=run.organisation) for mail in wanted]
    run.unknown_referents = [mail for mail in run.unknown_referents if mail not in mails]
    run.save(update_fields=["unknown_referents"])
    return agents
