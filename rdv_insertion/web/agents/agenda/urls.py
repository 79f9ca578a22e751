"""The agents' calendar."""

from django.urls import path

from rdv_insertion.web.agents.agenda import week

urlpatterns = [
    path("", week.week, name="agenda"),
]
