from django.urls import path

from rdv_insertion.web.agents.imports import invitation, verification, views, writing

urlpatterns = [
    path("", views.history, name="imports"),
    path("nouveau/", views.new, name="import_new"),
    path("<int:run_id>/", views.resume, name="import_run"),
    path("<int:run_id>/colonnes/", views.columns, name="import_columns"),
    path("<int:run_id>/verification/", verification.show, name="import_preview"),
    path("<int:run_id>/verification/<int:number>/choix/", verification.select, name="import_select"),
    path("<int:run_id>/verification/<int:number>/doublon/", verification.decide, name="import_decide"),
    path("<int:run_id>/enregistrement/", writing.show, name="import_writing"),
    path("<int:run_id>/reprise/", writing.start_again, name="import_start_again"),
    path("<int:run_id>/invitation/", invitation.show, name="import_invitation"),
    path("<int:run_id>/invitation/sans/", invitation.skip, name="import_skip_invitation"),
    path("<int:run_id>/invitation/courriers.pdf", invitation.letters, name="import_letters"),
]
