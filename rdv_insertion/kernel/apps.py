from importlib import import_module

from django.apps import AppConfig


class KernelConfig(AppConfig):
    name = "rdv_insertion.kernel"
    verbose_name = "socle technique"

    def ready(self) -> None:
        """Register the checks."""
        import_module("rdv_insertion.kernel.checks")
