from django.apps import AppConfig


class MessagingConfig(AppConfig):
    name = "rdv_insertion.messaging"
    verbose_name = "messages"
