from django.apps import AppConfig


class TerritoryConfig(AppConfig):
    name = "rdv_insertion.territory"
    verbose_name = "territoire"
