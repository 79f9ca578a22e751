"""Addresses below `configuration/messages/`."""

from django.urls import URLPattern, URLResolver, path

from rdv_insertion.web.configuration.messages import views

urlpatterns: list[URLPattern | URLResolver] = [
    path("", views.edit, name="configuration_messages"),
    path("expediteur-sms/", views.save_sender, name="configuration_messages_sender"),
    path("budget-sms/", views.save_budget, name="configuration_messages_budget"),
    path("envois/", views.set_sending, name="configuration_messages_sending"),
    path("en-tete.pdf", views.show_letterhead, name="configuration_messages_letterhead"),
    path("images/<str:picture_key>/", views.show_picture, name="configuration_messages_picture"),
    path("historique/", views.history, name="configuration_messages_history"),
    path("historique/<int:version>/", views.restore, name="configuration_messages_restore"),
]
