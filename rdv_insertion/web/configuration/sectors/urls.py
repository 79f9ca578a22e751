"""Sectors: towns and streets, who serves them."""

from django.urls import URLPattern, URLResolver, path

from rdv_insertion.web.configuration.sectors import attributions, files, serving, views, zones

urlpatterns: list[URLPattern | URLResolver] = [
    path("", views.list_sectors, name="sectors"),
    path("ajouter/", views.add, name="sector_add"),
    path("qui-recoit/", serving.who_serves, name="who_serves"),
    path("importer/", files.preview, name="sectors_import"),
    path("importer/enregistrer/", files.apply, name="sectors_import_apply"),
    path("zones.xlsx", files.export, name="sectors_export"),
    path("modele.xlsx", files.template, name="sectors_template"),
    path("<int:sector_id>/", zones.show, name="sector"),
    path("<int:sector_id>/modifier/", views.edit, name="sector_edit"),
    path("<int:sector_id>/supprimer/", views.delete, name="sector_delete"),
    path("<int:sector_id>/zones/ajouter/", zones.add, name="zone_add"),
    path("<int:sector_id>/zones/<int:zone_id>/retirer/", zones.remove, name="zone_remove"),
    path("<int:sector_id>/attributions/ajouter/", attributions.add, name="attribution_add"),
    path(
        "<int:sector_id>/attributions/<int:attribution_id>/retirer/",
        attributions.remove,
        name="attribution_remove",
    ),
]
