"""Addresses of invitations: runs, letters, and one person."""

from django.urls import path

from rdv_insertion.web.agents.invitations import one, postal, preparing, runs

_RUN = "envois/<int:invitation_run_id>/"

urlpatterns = [
    path("organisations/<slug:slug>/inviter/", preparing.prepare, name="invite_usagers"),
    path("organisations/<slug:slug>/creneaux-libres/", one.free_slots, name="free_slots"),
    path("organisations/<slug:slug>/envois/", runs.list_runs, name="invitation_runs"),
    path(_RUN, runs.show, name="invitation_run"),
    path(f"{_RUN}choix/", preparing.choices, name="invitation_run_choices"),
    path(f"{_RUN}creneaux/", preparing.ask, name="invitation_run_ask"),
    path(f"{_RUN}lancer/", preparing.launch, name="invitation_run_launch"),
    path(f"{_RUN}abandonner/", preparing.abandon, name="invitation_run_abandon"),
    path(f"{_RUN}arreter/", runs.stop, name="invitation_run_stop"),
    path(f"{_RUN}reprendre/", runs.resume, name="invitation_run_resume"),
    path(f"{_RUN}renvoyer/", runs.send_again, name="invitation_run_send_again"),
    path(f"{_RUN}courriers.pdf", runs.letters, name="invitation_run_letters"),
    path("organisations/<slug:slug>/courriers/", postal.list_letters, name="letters"),
    path("organisations/<slug:slug>/courriers/imprimer/", postal.print_letters, name="letters_print"),
    path("organisations/<slug:slug>/courriers/<str:moment>.pdf", postal.printed, name="letters_pdf"),
    path("suivis/<int:follow_up_id>/inviter/", one.invite_one, name="invite_follow_up"),
]
