"""The pages of a rdv: take one, see it, change it, say who came; collective ones; finding a créneau."""

from django.urls import path

from rdv_insertion.web.agents.rdvs import (
    attendance,
    collective,
    confirming,
    days,
    planning,
    prescription,
    showing,
    slots,
)

urlpatterns = [
    path("creneaux/", slots.find, name="find_slot"),
    path("creneaux/confirmer/", confirming.confirm, name="find_slot_confirm"),
    path("creneaux/partenaires/", prescription.find, name="find_partner_slot"),
    path("creneaux/partenaires/confirmer/", prescription.prescribe, name="prescribe"),
    path("creneaux/partenaires/<int:prescription_id>/", prescription.done, name="prescription_done"),
    path("nouveau/", planning.new, name="rdv_new"),
    path("jour/", days.show, name="rdv_day"),
    path("jour/statuts/", days.record, name="record_day"),
    path("jour/annuler/", days.undo, name="undo_day"),
    path("ateliers/", collective.show_all, name="collective_rdvs"),
    path("ateliers/nouveau/", collective.new, name="collective_new"),
    path("ateliers/<int:collective_id>/dupliquer/", collective.duplicate, name="collective_duplicate"),
    path("ateliers/<int:collective_id>/inscrire/", attendance.add, name="collective_people"),
    path("ateliers/<int:collective_id>/presences/", attendance.fill_in, name="collective_attendance"),
    path("<int:rdv_id>/", showing.show, name="rdv_show"),
    path("<int:rdv_id>/modifier/", planning.edit, name="rdv_edit"),
    path("<int:rdv_id>/annuler/", showing.cancel, name="rdv_cancel"),
]
