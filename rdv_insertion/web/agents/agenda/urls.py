"""The agents' calendar."""

from django.urls import path

from rdv_insertion.web.agents.agenda import calendar, feed, moving, printing, table

urlpatterns = [
    path("", calendar.calendar, name="agenda"),
    path("tableau/", table.table, name="agenda_table"),
    path("evenements/", feed.events, name="agenda_events"),
    path("preferences/", calendar.remember_choice, name="agenda_preferences"),
    path("impression/", printing.print_day, name="agenda_print"),
    path("rdvs/<int:rdv_id>/deplacer/", moving.move, name="agenda_move"),
]
