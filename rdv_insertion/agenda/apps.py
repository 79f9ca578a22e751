from django.apps import AppConfig


class AgendaConfig(AppConfig):
    name = "rdv_insertion.agenda"
    verbose_name = "agenda"
