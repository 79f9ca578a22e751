"""The providers of a department, chosen by the technical team."""

from io import StringIO

import pytest
from django.conf import LazySettings
from django.core.management import CommandError, call_command

from rdv_insertion.messaging.models import SendingConfiguration
from rdv_insertion.territory.models import Department

pytestmark = pytest.mark.django_db


def run(*arguments: str) -> str:
    out = StringIO()
    call_command("providers", *arguments, stdout=out)
    return out.getvalue()


def test_a_department_that_chose_nothing_has_those_of_the_settings(department: Department) -> None:
    said = run(department.number)
    assert "prestataire SMS : Brevo (SMS)" in said
    assert "prestataire SMS de secours : aucun" in said
    assert not SendingConfiguration.objects.exists()


def test_what_is_not_said_does_not_change(department: Department) -> None:
    run(department.number, "--sms-provider", "ovh_sms", "--second-sms-provider", "brevo_sms")
    run(department.number, "--email-provider", "brevo_email")
    chosen = SendingConfiguration.objects.get(department=department)
    assert (chosen.sms_provider, chosen.second_sms_provider) == ("ovh_sms", "brevo_sms")
    assert (chosen.email_provider, chosen.second_email_provider) == ("brevo_email", "")


def test_the_second_provider_is_another_one(department: Department) -> None:
    with pytest.raises(CommandError, match="un autre prestataire"):
        run(department.number, "--second-sms-provider", "brevo_sms")
    assert not SendingConfiguration.objects.exists()


def test_a_provider_whose_keys_are_not_there_is_not_chosen(
    department: Department, settings: LazySettings
) -> None:
    settings.OVH_CONSUMER_KEY = settings.OVH_SMS_SERVICE = ""
    with pytest.raises(CommandError, match=": OVH_CONSUMER_KEY, OVH_SMS_SERVICE."):
        run(department.number, "--second-sms-provider", "ovh_sms")
    assert not SendingConfiguration.objects.exists()


def test_an_unknown_department_is_said(db: None) -> None:
    with pytest.raises(CommandError, match="Aucun département ne porte le numéro 99"):
        run("99")
