"""Addresses below `configuration/categories/`."""

from django.urls import URLPattern, URLResolver, path

from rdv_insertion.web.configuration.categories import previews, views, words

urlpatterns: list[URLPattern | URLResolver] = [
    path("", views.list_categories, name="configuration_categories"),
    path("nouvelle/", views.new, name="configuration_category_new"),
    path("<int:configuration_id>/", views.edit, name="configuration_category"),
    path("<int:configuration_id>/place/", views.move, name="configuration_category_move"),
    path("<int:configuration_id>/supprimer/", views.delete, name="configuration_category_delete"),
    path("<int:configuration_id>/textes/", words.edit, name="configuration_category_words"),
    path(
        "<int:configuration_id>/textes/apercu/mail/",
        previews.show_mail,
        name="configuration_category_mail",
    ),
    path(
        "<int:configuration_id>/textes/apercu/courrier.pdf",
        previews.show_letter,
        name="configuration_category_letter",
    ),
    path("<int:configuration_id>/historique/", words.history, name="configuration_category_history"),
    path(
        "<int:configuration_id>/historique/<int:version>/",
        words.restore,
        name="configuration_category_restore",
    ),
]
