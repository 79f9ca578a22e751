"""Plages d'ouverture and absences: list, create, edit, delete."""

from django.urls import URLPattern, URLResolver, path

from rdv_insertion.web.agents.openings import absences, lists, plages, undoing, words

urlpatterns: list[URLPattern | URLResolver] = [
    path("plages/", lists.plages, name="plages"),
    path("plages/nouvelle/", plages.new, name="plage_new"),
    path("plages/repetition/", words.words, name="recurrence_words"),
    path("plages/annuler/", undoing.undo, name="undo_opening"),
    path("plages/<int:plage_id>/modifier/", plages.edit, name="plage_edit"),
    path("plages/<int:plage_id>/supprimer/", plages.delete, name="plage_delete"),
    path("absences/", lists.absences, name="absences"),
    path("absences/nouvelle/", absences.new, name="absence_new"),
    path("absences/<int:absence_id>/modifier/", absences.edit, name="absence_edit"),
    path("absences/<int:absence_id>/supprimer/", absences.delete, name="absence_delete"),
]
