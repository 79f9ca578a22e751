from django.apps import AppConfig


class WebConfig(AppConfig):
    name = "rdv_insertion.web"
    verbose_name = "pages"
