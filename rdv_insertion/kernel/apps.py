from django.apps import AppConfig


class KernelConfig(AppConfig):
    name = "rdv_insertion.kernel"
    verbose_name = "socle technique"
