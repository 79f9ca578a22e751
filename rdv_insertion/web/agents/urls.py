"""The agents' pages, imports aside."""

from django.urls import include, path

from rdv_insertion.web.agents import (
    follow_ups,
    invitations,
    organisations,
    participations,
    people,
    person,
)
from rdv_insertion.web.agents.account import feed

urlpatterns = [
    path("organisations/", organisations.choose, name="organisations"),
    path("organisations/choisir/", organisations.switch, name="switch_organisation"),
    path("organisations/<slug:slug>/usagers/", people.list_people, name="usagers"),
    path("organisations/<slug:slug>/inviter/", invitations.invite_several, name="invite_usagers"),
    path("organisations/<slug:slug>/creneaux-libres/", invitations.free_slots, name="free_slots"),
    path("usagers/<int:usager_id>/", person.show, name="usager"),
    path("usagers/<int:usager_id>/modifier/", person.edit, name="usager_edit"),
    path("suivis/<int:follow_up_id>/inviter/", invitations.invite_one, name="invite_follow_up"),
    path("suivis/<int:follow_up_id>/clore/", follow_ups.close, name="close_follow_up"),
    path("suivis/<int:follow_up_id>/rouvrir/", follow_ups.reopen, name="reopen_follow_up"),
    path("invitations/<int:invitation_id>/courrier.pdf", invitations.letter, name="invitation_letter"),
    path("participations/<int:participation_id>/statut/", participations.record, name="record_participation"),
    path("agenda/", include("rdv_insertion.web.agents.agenda.urls")),
    path("rdvs/", include("rdv_insertion.web.agents.rdvs.urls")),
    path("", include("rdv_insertion.web.agents.openings.urls")),
    path("calendrier/<str:secret>.ics", feed.feed, name="calendar_feed"),
    path("compte/", include("rdv_insertion.web.agents.account.urls")),
    path("pilotage/", include("rdv_insertion.web.agents.steering.urls")),
    path("organisations/<slug:slug>/configuration/", include("rdv_insertion.web.configuration.urls")),
]
