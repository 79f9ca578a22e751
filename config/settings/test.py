"""Tests: the demonstration's settings on a server of their own, strict about everything."""

from config.settings.dev import *
from config.settings.dev import DATA_DIR, TEMPLATES, env
from config.settings.database import database

DATABASES = {"default": database(env, DATA_DIR / "test-postgres")}
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
PUBLIC_URL = "http://testserver"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
