"""What became of messages."""

from django.urls import URLPattern, URLResolver, path

from rdv_insertion.web.agents.messages import corrections, one, queue, sent, stopped

_OF_ORGANISATION = "organisations/<slug:slug>/messages/"

urlpatterns: list[URLPattern | URLResolver] = [
    path(_OF_ORGANISATION, sent.show, name="messages_sent"),
    path(f"{_OF_ORGANISATION}tableau.xlsx", sent.table, name="messages_table"),
    path(f"{_OF_ORGANISATION}a-corriger/", corrections.show, name="messages_to_correct"),
    path(f"{_OF_ORGANISATION}en-panne/", stopped.show, name="messages_stopped"),
    path(f"{_OF_ORGANISATION}en-panne/renvoyer/", stopped.send_several, name="messages_send_again"),
    path(f"{_OF_ORGANISATION}en-attente/", queue.show, name="messages_waiting"),
    path("messages/<int:message_id>/mail/", one.mail, name="message_mail"),
    path("messages/<int:message_id>/courrier.pdf", one.letter, name="message_letter"),
    path("messages/<int:message_id>/renvoyer/", one.again, name="message_send_again"),
]
