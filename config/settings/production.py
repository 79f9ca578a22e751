"""Production: everything that matters comes from the environment, and demonstration secrets are refused.

A missing variable stops the start with its name; so does a secret that anyone can read in this repository.
"""

import base64
import binascii
from urllib.parse import quote

from django.core.exceptions import ImproperlyConfigured

from config.settings.base import *
from config.settings.base import CONTENT_SECURITY_POLICY, LOG_LEVEL, STORAGES, env
from rdv_insertion.kernel.logs import logging_settings

_MIN_SECRET_LENGTH = 32
_KEY_BYTES = 32


def _secret(name: str) -> str:
    value: str = env.str(name)
    if len(value) < _MIN_SECRET_LENGTH or "demo" in value.lower():
        raise ImproperlyConfigured(
            f"{name} must be a secret of its own, {_MIN_SECRET_LENGTH} characters or more."
        )
    return value


def _encryption_keys() -> list[str]:
    keys: list[str] = env.list("ENCRYPTION_KEYS")
    for key in keys:
        name, _, secret = key.partition(":")
        try:
            size = len(base64.b64decode(secret, validate=True))
        except binascii.Error:
            size = 0
        if not name or name == "demo" or size != _KEY_BYTES:
            raise ImproperlyConfigured(
                "ENCRYPTION_KEYS must be name:base64 of 32 random bytes, comma separated."
            )
    if not keys:
        raise ImproperlyConfigured("ENCRYPTION_KEYS must hold at least one key.")
    return keys


DEBUG = False
PUBLIC_URL = env.str("PUBLIC_URL").rstrip("/")
ALLOWED_HOSTS: list[str] = env.list("ALLOWED_HOSTS")
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]

SECRET_KEY = _secret("SECRET_KEY")
BLIND_INDEX_KEY = _secret("BLIND_INDEX_KEY")
ENCRYPTION_KEYS = _encryption_keys()
# Without it no provider is heard: messages stay "sent".
CALLBACK_SECRET = _secret("CALLBACK_SECRET") if env.str("CALLBACK_SECRET", "") else ""
if quote(CALLBACK_SECRET, safe="") != CALLBACK_SECRET:
    raise ImproperlyConfigured("CALLBACK_SECRET stands in addresses: letters, digits, - and _ only.")

DATABASES = {"default": env.dj_db_url("DATABASE_URL")}
DATABASES["default"].setdefault("OPTIONS", {})["pool"] = {
    "min_size": 1,
    "max_size": env.int("DATABASE_POOL", 10),
}

_mail = env.dj_email_url("EMAIL_URL")
if "EMAIL_BACKEND" not in _mail:
    raise ImproperlyConfigured(
        "EMAIL_URL must begin with submission:// (STARTTLS) or smtp:// (with ?ssl=True)."
    )
EMAIL_BACKEND = _mail["EMAIL_BACKEND"]
EMAIL_HOST, EMAIL_PORT = _mail["EMAIL_HOST"], _mail["EMAIL_PORT"]
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = _mail["EMAIL_HOST_USER"], _mail["EMAIL_HOST_PASSWORD"]
EMAIL_USE_TLS, EMAIL_USE_SSL = _mail["EMAIL_USE_TLS"], _mail["EMAIL_USE_SSL"]
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL")

# The keys of the providers that are used must be there; so must those of the ones departments choose.
_used = {SMS_PROVIDER, SECOND_SMS_PROVIDER, EMAIL_PROVIDER, SECOND_EMAIL_PROVIDER}
if "brevo_sms" in _used:
    SMS_API_KEY = env.str("SMS_API_KEY")
if "brevo_email" in _used:
    EMAIL_API_KEY = env.str("EMAIL_API_KEY")
if "ovh_sms" in _used:
    OVH_APPLICATION_KEY = env.str("OVH_APPLICATION_KEY")
    OVH_APPLICATION_SECRET = env.str("OVH_APPLICATION_SECRET")
    OVH_CONSUMER_KEY, OVH_SMS_SERVICE = env.str("OVH_CONSUMER_KEY"), env.str("OVH_SMS_SERVICE")

SECURE_SSL_REDIRECT = True
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
SECURE_HSTS_SECONDS = 365 * 24 * 3600
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
# To be in the list that browsers ship is for the owner of the domain to ask, and hard to undo.
SILENCED_SYSTEM_CHECKS = ["security.W021"]
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True
CONTENT_SECURITY_POLICY["DIRECTIVES"]["upgrade-insecure-requests"] = True
STORAGES["staticfiles"] = {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"}

LOGGING = logging_settings(level=LOG_LEVEL, as_json=True)
