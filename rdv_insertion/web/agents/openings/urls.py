"""Plages d'ouverture and absences: list, create, edit, delete."""

from django.urls import URLPattern, URLResolver

urlpatterns: list[URLPattern | URLResolver] = []
