from django.apps import AppConfig


class InvitationsConfig(AppConfig):
    name = "rdv_insertion.invitations"
    verbose_name = "invitations"
