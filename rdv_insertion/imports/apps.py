from django.apps import AppConfig


class ImportsConfig(AppConfig):
    name = "rdv_insertion.imports"
    verbose_name = "imports"
