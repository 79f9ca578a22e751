"""What an agent decides for themselves: mails about their rdvs, calendar feed."""

from django.urls import URLPattern, URLResolver

urlpatterns: list[URLPattern | URLResolver] = []
