"""The providers of a department: `manage.py providers 26 --sms-provider ovh_sms`."""

import argparse
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from rdv_insertion.messaging.enums import EMAIL_PROVIDERS, SMS_PROVIDERS
from rdv_insertion.messaging.services import choose_providers
from rdv_insertion.territory.models import Department

_CHOICES = {
    "sms_provider": SMS_PROVIDERS,
    "second_sms_provider": (*SMS_PROVIDERS, ""),
    "email_provider": EMAIL_PROVIDERS,
    "second_email_provider": (*EMAIL_PROVIDERS, ""),
}

_LABELS = {
    "sms_provider": "prestataire SMS",
    "second_sms_provider": "prestataire SMS de secours",
    "email_provider": "prestataire mail",
    "second_email_provider": "prestataire mail de secours",
}


class Command(BaseCommand):
    help = "Say, and with options change, by whom the messages of a department leave."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """What is not said does not change; an empty second provider is none."""
        parser.add_argument("department", help="number of the department, such as 26 or 2A")
        for name, known in _CHOICES.items():
            parser.add_argument(f"--{name.replace('_', '-')}", choices=[str(one) for one in known])

    def handle(self, *args: Any, **options: Any) -> None:
        """Raises CommandError when the department is unknown, or twice the same provider is asked."""
        department = Department.objects.filter(number=options["department"]).first()
        if department is None:
            raise CommandError(f"Aucun département ne porte le numéro {options['department']}.")
        asked = {name: options[name] for name in _CHOICES if options[name] is not None}
        try:
            chosen = choose_providers(department=department, **asked)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        self.stdout.write(f"{department} :")
        for name, label in _LABELS.items():
            self.stdout.write(f"  {label} : {getattr(chosen, f'get_{name}_display')() or 'aucun'}")
