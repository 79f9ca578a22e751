"""The agents' pages, imports aside."""

from django.urls import include, path

from rdv_insertion.web.agents import (
    archives,
    follow_ups,
    organisations,
    participations,
    people,
    person,
)
from rdv_insertion.web.agents.account import feed
from rdv_insertion.web.agents.rdvs import convocations

urlpatterns = [
    path("organisations/", organisations.choose, name="organisations"),
    path("organisations/choisir/", organisations.switch, name="switch_organisation"),
    path("organisations/<slug:slug>/usagers/", people.list_people, name="usagers"),
    path("usagers/<int:usager_id>/", person.show, name="usager"),
    path("usagers/<int:usager_id>/modifier/", person.edit, name="usager_edit"),
    path("usagers/<int:usager_id>/archiver/<slug:slug>/", archives.archive, name="archive_usager"),
    path("usagers/<int:usager_id>/desarchiver/<slug:slug>/", archives.unarchive, name="unarchive_usager"),
    path("", include("rdv_insertion.web.agents.messages.urls")),
    path("suivis/<int:follow_up_id>/clore/", follow_ups.close, name="close_follow_up"),
    path("suivis/<int:follow_up_id>/rouvrir/", follow_ups.reopen, name="reopen_follow_up"),
    path("participations/<int:participation_id>/statut/", participations.record, name="record_participation"),
    path("participations/<int:participation_id>/preuve/", convocations.evidence, name="evidence"),
    path("participations/<int:participation_id>/preuve.pdf", convocations.evidence_file, name="evidence_pdf"),
    path(
        "participations/<int:participation_id>/convocation.pdf",
        convocations.letter,
        name="convocation_letter",
    ),
    path("suivis/<int:follow_up_id>/convoquer/", convocations.summon, name="summon"),
    path("", include("rdv_insertion.web.agents.invitations.urls")),
    path("agenda/", include("rdv_insertion.web.agents.agenda.urls")),
    path("rdvs/", include("rdv_insertion.web.agents.rdvs.urls")),
    path("", include("rdv_insertion.web.agents.openings.urls")),
    path("calendrier/<str:secret>.ics", feed.feed, name="calendar_feed"),
    path("compte/", include("rdv_insertion.web.agents.account.urls")),
    path("pilotage/", include("rdv_insertion.web.agents.steering.urls")),
    path("organisations/<slug:slug>/configuration/", include("rdv_insertion.web.configuration.urls")),
]
