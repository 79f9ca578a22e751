"""`manage.py load_demo`: fill an empty base with the demonstration's department."""

import time
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from demo.department.load import load_department


class Command(BaseCommand):
    help = (
        "Remplit une base vide avec le département de démonstration. Ne touche pas à une base qui sert déjà."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        """Load, and say so."""
        start = time.perf_counter()
        if load_department(now=timezone.now()):
            self.stdout.write(f"Département de démonstration chargé en {time.perf_counter() - start:.1f} s.")
        else:
            self.stdout.write("La base contient déjà des données : rien n'est chargé.")
