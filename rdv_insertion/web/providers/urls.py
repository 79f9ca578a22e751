"""Addresses given to providers (`messaging.callbacks` writes them). The secret may be in a header instead."""

from django.urls import path

from rdv_insertion.web.providers import callbacks

urlpatterns = [
    path("<slug:source>", callbacks.receive, name="callback"),
    path("<slug:source>/<str:callback_secret>", callbacks.receive, name="callback_with_secret"),
    path(
        "<slug:source>/<str:callback_secret>/<int:message_id>", callbacks.receive, name="callback_of_message"
    ),
]
