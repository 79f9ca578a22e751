"""What an agent decides for themselves: mails about their rdvs, calendar feed."""

from django.urls import path

from rdv_insertion.web.agents.account import views

urlpatterns = [
    path("", views.show, name="account"),
    path("mails/", views.choose_notifications, name="account_notifications"),
    path("calendrier/creer/", views.create_calendar, name="account_calendar_create"),
    path("calendrier/changer/", views.change_calendar, name="account_calendar_change"),
    path("calendrier/supprimer/", views.delete_calendar, name="account_calendar_delete"),
]
