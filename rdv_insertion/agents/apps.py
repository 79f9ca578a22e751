from django.apps import AppConfig


class AgentsConfig(AppConfig):
    name = "rdv_insertion.agents"
    verbose_name = "agents"
