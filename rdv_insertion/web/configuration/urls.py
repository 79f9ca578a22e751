"""What administrators set up in an organisation; every address below has its `slug`."""

from django.urls import URLPattern, URLResolver, include, path

from rdv_insertion.web.configuration import index, lieux, motifs, watched_folder

urlpatterns: list[URLPattern | URLResolver] = [
    path("", index.index, name="configuration"),
    path("motifs/", motifs.list_motifs, name="motifs"),
    path("motifs/nouveau/", motifs.new, name="motif_new"),
    path("motifs/apercu/", motifs.show_preview, name="motif_preview"),
    path("motifs/<int:motif_id>/", motifs.edit, name="motif_edit"),
    path("motifs/<int:motif_id>/dupliquer/", motifs.duplicate, name="motif_duplicate"),
    path("motifs/<int:motif_id>/supprimer/", motifs.delete, name="motif_delete"),
    path("motifs/<int:motif_id>/remettre/", motifs.restore, name="motif_restore"),
    path("lieux/", lieux.list_lieux, name="lieux"),
    path("lieux/nouveau/", lieux.new, name="lieu_new"),
    path("lieux/<int:lieu_id>/", lieux.edit, name="lieu_edit"),
    path("lieux/<int:lieu_id>/ouverture/", lieux.set_open, name="lieu_open"),
    path("lieux/<int:lieu_id>/supprimer/", lieux.delete, name="lieu_delete"),
    path("categories/", include("rdv_insertion.web.configuration.categories.urls")),
    path("messages/", include("rdv_insertion.web.configuration.messages.urls")),
    path("import/", watched_folder.edit, name="watched_folder"),
    path("secteurs/", include("rdv_insertion.web.configuration.sectors.urls")),
]
