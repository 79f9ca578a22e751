from django.apps import AppConfig


class ExchangesConfig(AppConfig):
    name = "rdv_insertion.exchanges"
    verbose_name = "échanges"
