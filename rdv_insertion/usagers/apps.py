from django.apps import AppConfig


class UsagersConfig(AppConfig):
    name = "rdv_insertion.usagers"
    verbose_name = "usagers"
