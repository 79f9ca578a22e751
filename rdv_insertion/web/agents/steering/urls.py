"""Statistics and exports."""

from django.urls import URLPattern, URLResolver, path

from rdv_insertion.web.agents.steering import rdvs, statistics

urlpatterns: list[URLPattern | URLResolver] = [
    path("", statistics.show, name="rdv_statistics"),
    path("tableaux.xlsx", statistics.tables, name="rdv_statistics_tables"),
    path("rdvs/", rdvs.list_rdvs, name="rdvs"),
    path("rdvs/export.xlsx", rdvs.export, name="rdvs_export"),
]
