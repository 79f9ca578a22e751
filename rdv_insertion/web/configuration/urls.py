"""What administrators set up in an organisation; every address below has its `slug`."""

from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    path("secteurs/", include("rdv_insertion.web.configuration.sectors.urls")),
]
