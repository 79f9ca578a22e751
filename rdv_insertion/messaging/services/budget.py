"""How many SMS an organisation pays for in a month of its own calendar, and who is told when it is many."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date as calendar_date
from datetime import datetime, time

from dateutil.relativedelta import relativedelta
from django.conf import settings
from django.db.models import Sum
from django.utils import translation
from django.utils.dateformat import format as django_format

from rdv_insertion.kernel.languages import Language
from rdv_insertion.messaging.drafts import Draft
from rdv_insertion.messaging.enums import FAILED, Channel, Purpose
from rdv_insertion.messaging.models import Message, SmsBudget
from rdv_insertion.messaging.texts import FromTemplates
from rdv_insertion.territory.models import Organisation

# In hundredths of the budget, the highest first: each is told once a month.
ALERTS = (100, 80)


@dataclass(frozen=True)
class Standing:
    """Where an organisation stands in the month: SMS counted as they are paid."""

    spent: int
    budget: int

    @property
    def remaining(self) -> int:
        """Never under 0."""
        return max(0, self.budget - self.spent)

    @property
    def share(self) -> int:
        """In hundredths of the budget, rounded down: 99 is not all."""
        return self.spent * 100 // self.budget


def spent(organisation: Organisation, now: datetime) -> int:
    """The SMS of the month of `now`, sent or about to be. What never left costs nothing. One query."""
    begin, end = _month(organisation, now)
    written = Message.objects.filter(
        organisation=organisation, channel=Channel.SMS, created_at__gte=begin, created_at__lt=end
    )
    counted = written.exclude(status__in=FAILED, sent_at=None).aggregate(total=Sum("segments"))
    return counted["total"] or 0


def standing(organisation: Organisation, now: datetime) -> Standing | None:
    """Where the organisation stands; None when it has no budget. Two queries at most."""
    limit = SmsBudget.objects.filter(organisation=organisation).first()
    return Standing(spent(organisation, now), limit.segments_a_month) if limit else None


def remaining(organisation: Organisation, now: datetime) -> int | None:
    """How many SMS the organisation may still pay for this month; None when it has no budget."""
    known = standing(organisation, now)
    return known.remaining if known else None


def is_spent(organisation: Organisation, now: datetime) -> bool:
    """Whether nothing is left: invitations by SMS are refused, what the person waits for still leaves."""
    return remaining(organisation, now) == 0


def set_budget(*, organisation: Organisation, segments_a_month: int | None) -> None:
    """Change how many SMS the organisation means to pay for in a month; None for no limit. One statement,
    since a colleague may do the contrary at the same instant."""
    if segments_a_month is None:
        SmsBudget.objects.filter(organisation=organisation).delete()
    else:
        SmsBudget.objects.bulk_create(
            [SmsBudget(organisation=organisation, segments_a_month=segments_a_month)],
            update_conflicts=True,
            unique_fields=["organisation"],
            update_fields=["segments_a_month"],
        )


def alerts(organisations: Collection[Organisation], now: datetime) -> list[Draft]:
    """The mails to organisations that have spent 80 % or all of their budget.

    Their unique keys say the month, so that each is written once. One query, and one more for each
    organisation that has a budget.
    """
    limits = {one.organisation_id: one for one in SmsBudget.objects.filter(organisation__in=organisations)}
    return [
        draft
        for organisation in organisations
        if organisation.pk in limits and organisation.email
        for draft in _alerts_of(
            organisation, Standing(spent(organisation, now), limits[organisation.pk].segments_a_month), now
        )
    ]


def _alerts_of(organisation: Organisation, known: Standing, now: datetime) -> Iterable[Draft]:
    reached = next((share for share in ALERTS if known.share >= share), None)
    return [_alert(organisation, known, reached, now)] if reached else []


def _alert(organisation: Organisation, known: Standing, share: int, now: datetime) -> Draft:
    begin, end = _month(organisation, now)
    month = begin.astimezone(organisation.time_zone).date()
    return Draft(
        organisation=organisation,
        to=organisation,
        purpose=Purpose.SMS_BUDGET,
        channel=Channel.EMAIL,
        about=f"sms-budget-{share}",
        period=f"{month:%Y%m}",
        content=FromTemplates(
            Purpose.SMS_BUDGET,
            {
                "organisation": organisation.name,
                "spent": known.spent,
                "budget": known.budget,
                "remaining": known.remaining,
                "is_spent": share == ALERTS[0],
                "month": _in_french(month, "F Y"),
                "next_month": _in_french(end.astimezone(organisation.time_zone).date(), r"j\e\r F Y"),
                "link": f"{settings.PUBLIC_URL}/organisations/{organisation.slug}/configuration/messages/",
                "help_phone": "",
            },
        ),
    )


def _in_french(day: calendar_date, wanted: str) -> str:
    """Organisations read French, whatever the language of the person for whom a message is being written."""
    with translation.override(Language.FR):
        return django_format(day, wanted)


def _month(organisation: Organisation, now: datetime) -> tuple[datetime, datetime]:
    """The first instants of this month and of the next, on the organisation's clocks."""
    zone = organisation.time_zone
    first = now.astimezone(zone).date().replace(day=1)
    following: calendar_date = first + relativedelta(months=1)
    return datetime.combine(first, time(), zone), datetime.combine(following, time(), zone)
