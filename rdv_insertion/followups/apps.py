from django.apps import AppConfig


class FollowupsConfig(AppConfig):
    name = "rdv_insertion.followups"
    verbose_name = "suivis"
