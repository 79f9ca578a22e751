"""Loading the made-up Drôme: the same each time, on any day of the year."""

from datetime import datetime
from typing import Any

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import transaction

from demo.department.load import load_department
from rdv_insertion.followups.enums import FollowUpStatus
from rdv_insertion.followups.models import FollowUp
from rdv_insertion.kernel import dates
from rdv_insertion.messaging.models import Message
from rdv_insertion.usagers.models import Usager

NOW = datetime(2026, 3, 12, 15, 20, tzinfo=dates.PARIS)


def _contents() -> list[Any]:
    """What is in the tables, without the numbers that PostgreSQL gives."""
    rows: list[Any] = []
    for name, fields in {
        "usagers.Usager": "last_name first_name nir_index email phone_number address birth_date created_at",
        "followups.FollowUp": "usager__name_key motif_category__short_name closed_at last_invited_at "
        "invitations_expire_at last_participation_starts_at last_participation_status latest_seen_rdv_at",
        "invitations.Invitation": "code channel expires_at created_at clicked_at created_by_agent__email",
        "messaging.Message": "recipient text subject status created_at sent_at provider_reference",
        "agenda.Participation": "code status created_at cancelled_at booking_key rdv__starts_at",
        "agenda.RdvAgent": "agent__email starts_at ends_at busy",
        "agenda.PlageOuverture": "agent__email title recurrence first_day exception_dates",
        "agenda.Absence": "agent__email title first_day end_day",
    }.items():
        rows += sorted(map(repr, apps.get_model(name).objects.values_list(*fields.split())))
    return rows


@pytest.mark.django_db
def test_two_loads_at_the_same_moment_are_equal() -> None:
    found = []
    for _ in range(2):
        with transaction.atomic():
            load_department(now=NOW)
            found.append(_contents())
            transaction.set_rollback(True)
    assert found[0] == found[1]


@pytest.mark.django_db
@pytest.mark.parametrize(
    "moment",
    [
        datetime(2026, 1, 1, 0, 5, tzinfo=dates.PARIS),
        datetime(2026, 3, 29, 3, 30, tzinfo=dates.PARIS),
        datetime(2026, 5, 17, 23, 55, tzinfo=dates.PARIS),
        datetime(2026, 12, 25, 8, 0, tzinfo=dates.PARIS),
    ],
    ids=["new year's night", "clock change", "after the bank holidays of May", "Christmas"],
)
def test_it_loads_on_any_day(moment: datetime) -> None:
    assert load_department(now=moment)
    statuses = FollowUp.objects.with_status(moment).values_list("status", flat=True)
    assert set(statuses) == set(FollowUpStatus.values)
    assert not Message.objects.filter(created_at__gt=moment).exists()


@pytest.mark.django_db
def test_the_command_loads_an_empty_base_then_says_that_it_leaves_it_alone(
    capsys: pytest.CaptureFixture[str],
) -> None:
    call_command("load_demo")
    assert "Département de démonstration chargé" in capsys.readouterr().out
    people = Usager.objects.count()
    call_command("load_demo")
    assert "rien n'est chargé" in capsys.readouterr().out
    assert Usager.objects.count() == people > 0
