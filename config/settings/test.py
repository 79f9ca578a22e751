"""Tests: the demonstration's settings on a server of their own, strict about everything."""

from config.settings.database import database
from config.settings.dev import *
from config.settings.dev import DATA_DIR, env

DATABASES = {"default": database(env, DATA_DIR / "test-postgres")}
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
PUBLIC_URL = "http://testserver"
# Tests that need the national address base start their own (demo/providers/addresses.py).
ADDRESS_API_URL = ""

# Every test client starts the middlewares again: look static files up when they are asked for.
WHITENOISE_AUTOREFRESH = True
