"""Every address of the service."""

from django.conf import settings
from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("rdv_insertion.web.public.urls")),
    path("", include("rdv_insertion.web.usagers.urls")),
    path("", include("rdv_insertion.web.agents.urls")),
    path("imports/", include("rdv_insertion.web.agents.imports.urls")),
    path("callbacks/", include("rdv_insertion.web.providers.urls")),
]

handler404 = "rdv_insertion.web.errors.not_found"
handler500 = "rdv_insertion.web.errors.server_error"

if settings.DEMO_MODE:
    urlpatterns.append(path("demo/", include("demo.urls")))
