"""The pages of a rdv: take one, see it, change it, say who came; collective ones; finding a créneau."""

from django.urls import URLPattern, URLResolver

urlpatterns: list[URLPattern | URLResolver] = []
