"""Ten thousand people invited by SMS and mail: what the agent waits for, rows and jobs written."""

from django.db import connection
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob

from benchmarks import population
from benchmarks.measure import Figure, queries, stopwatch
from rdv_insertion.invitations.enums import InvitationOrigin, RunStage
from rdv_insertion.invitations.models import CategoryConfiguration, Invitation, InvitationRun
from rdv_insertion.invitations.services import invite, runs
from rdv_insertion.messaging.models import Message
from rdv_insertion.territory.models import Organisation

_PEOPLE = 10_000


def measure() -> list[Figure]:
    """By blocks of 500, as an import invites; then the same people through a run, prepared and launched."""
    now = timezone.now()
    organisation = population.an_organisation()
    configuration = population.a_configuration(organisation)
    population.an_agenda(configuration, 20, now=now)
    usagers = population.people(organisation, _PEOPLE + 500, now=now)
    everybody = population.follow_ups(usagers, configuration, now=now)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")

    def block(start: int) -> None:
        invite(
            follow_ups=everybody[start : start + 500],
            configuration=configuration,
            channels=["sms", "email"],
            origin=InvitationOrigin.USER_LIST_UPLOAD,
            now=now,
        )

    statements = queries(lambda: block(_PEOPLE))
    before = Message.objects.count(), ProcrastinateJob.objects.count()
    with stopwatch() as watch:
        for start in range(0, _PEOPLE, 500):
            block(start)
    messages = Message.objects.count() - before[0]
    jobs = ProcrastinateJob.objects.count() - before[1]
    if messages != 2 * _PEOPLE:
        raise AssertionError(f"{messages} messages written")
    rate = messages / watch.milliseconds * 1000
    prepared, invited = _through_a_run(organisation, configuration)
    return [
        Figure(
            f"invite {_PEOPLE:,} people by SMS and mail",
            watch.milliseconds,
            goal=10_000,
            compared=f"{messages:,} messages, {jobs:,} jobs; {rate:,.0f}/s; {statements} statements for 500",
        ),
        Figure(
            f"prepare a run of {_PEOPLE:,} people: checked one by one",
            prepared,
            goal=10_000,
            compared="what the agent waits for",
        ),
        Figure(
            f"invite {_PEOPLE:,} people by SMS and mail through a run",
            invited,
            goal=10_000,
            compared=f"{2 * _PEOPLE / invited * 1000:,.0f}/s, by a job",
        ),
    ]


def _through_a_run(organisation: Organisation, configuration: CategoryConfiguration) -> tuple[float, float]:
    """Milliseconds to prepare a run of as many other people, and to invite them."""
    now = timezone.now()
    usagers = population.people(organisation, _PEOPLE, since=2 * _PEOPLE, now=now)
    everybody = population.follow_ups(usagers, configuration, now=now)
    with stopwatch() as preparing:
        run = runs.prepare(
            configuration=configuration,
            follow_ups=[one.pk for one in everybody],
            origin=InvitationOrigin.USERS_INDEX_PAGE,
            agent=None,
            now=now,
        )
    InvitationRun.objects.filter(pk=run.pk).update(stage=RunStage.INVITING)
    with stopwatch() as inviting:
        runs.advance(run_id=run.pk, now=now)
    sent = Invitation.objects.filter(run=run).count()
    if sent != 2 * _PEOPLE:
        raise AssertionError(f"{sent} invitations written by the run")
    return preparing.milliseconds, inviting.milliseconds
