"""Ten thousand people invited by SMS and mail: what the agent waits for, rows and jobs written."""

from django.db import connection
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob

from benchmarks import population
from benchmarks.measure import Figure, queries, stopwatch
from rdv_insertion.invitations.enums import InvitationOrigin
from rdv_insertion.invitations.services import invite
from rdv_insertion.messaging.models import Message

_PEOPLE = 10_000


def measure() -> list[Figure]:
    """By blocks of 500, as an import invites."""
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
    return [
        Figure(
            f"invite {_PEOPLE:,} people by SMS and mail",
            watch.milliseconds,
            goal=10_000,
            compared=f"{messages:,} messages, {jobs:,} jobs; {rate:,.0f}/s; {statements} statements for 500",
        )
    ]
