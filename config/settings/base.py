"""What holds in every environment. A setting that is read from the environment fails loudly when wrong."""

import logging
from pathlib import Path
from typing import Any

from environs import Env

from rdv_insertion.kernel.logs import logging_settings

env = Env()
BASE_DIR = Path(__file__).resolve().parent.parent.parent
# Where the embedded database and the demonstration keep their files.
DATA_DIR = Path(env.str("DATA_DIR", str(BASE_DIR / ".data")))

DEMO_MODE = False
SERVICE_NAME = env.str("SERVICE_NAME", "rdv-insertion")
# Put in every link that is sent, without a slash at the end.
PUBLIC_URL = env.str("PUBLIC_URL", "http://127.0.0.1:8000").rstrip("/")
TRUSTED_PROXY_COUNT = env.int("TRUSTED_PROXY_COUNT", 0)

INSTALLED_APPS = [
    "rdv_insertion.kernel",
    "rdv_insertion.territory",
    "rdv_insertion.agents",
    "rdv_insertion.usagers",
    "rdv_insertion.messaging",
    "rdv_insertion.followups",
    "rdv_insertion.agenda",
    "rdv_insertion.invitations",
    "rdv_insertion.exchanges",
    "rdv_insertion.imports",
    "rdv_insertion.web",
    "allauth",
    "allauth.account",
    "dsfr",
    "widget_tweaks",
    "django_htmx",
    "procrastinate.contrib.django",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "django.forms",
]

MIDDLEWARE = [
    "rdv_insertion.kernel.http.log_requests",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "rdv_insertion.web.usagers.languages.speak_their_language",
    "django.middleware.csrf.CsrfViewMiddleware",
    "rdv_insertion.kernel.http.RefuseNullCharacters",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    # Every page asks for a login unless its view says otherwise.
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "rdv_insertion.web.throttling.answer_too_many_attempts",
    "rdv_insertion.web.caching.keep_private",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "rdv_insertion.web.shell.shell",
            ],
        },
    },
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

# French everywhere but on the pages and in the messages of the people invited (web/usagers/languages.py).
# The languages are those of kernel/languages.py; a test keeps the two alike.
LANGUAGE_CODE = "fr"
LANGUAGES = [(code, code) for code in ("fr", "en", "es", "pt", "ar", "uk", "tr", "ro", "fa")]
LOCALE_PATHS = [BASE_DIR / "rdv_insertion" / "locale"]
LANGUAGE_COOKIE_NAME = "langue"
TIME_ZONE = "Europe/Paris"
USE_TZ = True
USE_I18N = True

STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
# The files of npm packages that browsers load; .ci/npm puts them there.
STATICFILES_DIRS = [BASE_DIR / "node_modules" / ".served"]
# The fonts of letters beside those that come with typst; .ci/npm puts them there too.
LETTER_FONTS = BASE_DIR / "node_modules" / ".fonts"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}

# A cache that all web processes share, for the limits of the login pages.
CACHES = {"default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "kernel_cache"}}

AUTH_USER_MODEL = "agents.Agent"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "organisations"
SESSION_COOKIE_AGE = 7 * 24 * 3600
SESSION_COOKIE_SAMESITE = "Lax"

ACCOUNT_ADAPTER = "rdv_insertion.agents.login.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
# An unknown address is shown the same page as a known one, and gets no mail.
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_LOGIN_BY_CODE_ENABLED = True
ACCOUNT_LOGIN_BY_CODE_FORMAT = {"numeric": True, "length": 6, "dashed": False}
ACCOUNT_LOGIN_BY_CODE_TIMEOUT = 10 * 60
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_LOGOUT_REDIRECT_URL = "home"

CONTENT_SECURITY_POLICY: dict[str, dict[str, Any]] = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
    }
}
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

# Ten thousand rows chosen one by one in a form.
DATA_UPLOAD_MAX_NUMBER_FIELDS = 20_000
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024

DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", "ne-pas-repondre@rdv-insertion.localhost")
EMAIL_TIMEOUT = 20
SMS_TIMEOUT = 10
# Who carries messages, by names of messaging.enums.Provider; departments may choose otherwise.
# The second takes over when the first fails again and again; empty, there is none.
SMS_PROVIDER = env.str("SMS_PROVIDER", "brevo_sms")
SECOND_SMS_PROVIDER = env.str("SECOND_SMS_PROVIDER", "")
EMAIL_PROVIDER = env.str("EMAIL_PROVIDER", "smtp")
SECOND_EMAIL_PROVIDER = env.str("SECOND_EMAIL_PROVIDER", "")
# Brevo, SMS and mail.
SMS_API_URL = env.str("SMS_API_URL", "https://api.brevo.com/v3/")
SMS_API_KEY = env.str("SMS_API_KEY", "")
EMAIL_API_URL = env.str("EMAIL_API_URL", "https://api.brevo.com/v3/")
EMAIL_API_KEY = env.str("EMAIL_API_KEY", "")
# OVH, SMS.
OVH_API_URL = env.str("OVH_API_URL", "https://eu.api.ovh.com/1.0/")
OVH_APPLICATION_KEY = env.str("OVH_APPLICATION_KEY", "")
OVH_APPLICATION_SECRET = env.str("OVH_APPLICATION_SECRET", "")
OVH_CONSUMER_KEY = env.str("OVH_CONSUMER_KEY", "")
OVH_SMS_SERVICE = env.str("OVH_SMS_SERVICE", "")
# From that hour to that hour, on the organisation's clocks, SMS wait; empty, they never do.
SMS_QUIET_HOURS = env.str("SMS_QUIET_HOURS", "20-8")
# The domain whose mail comes back to us (exchanges, inbound mail); empty, nobody reads answers to mails.
REPLY_DOMAIN = env.str("REPLY_DOMAIN", "")
# Where answers go that name none of our messages; empty, they are only counted.
SUPPORT_EMAIL = env.str("SUPPORT_EMAIL", "")
# What providers prove themselves with when they tell what became of messages; empty, nobody is heard.
CALLBACK_SECRET = env.str("CALLBACK_SECRET", "")

# Where rdvs in visio are held: the name of the room is added to it.
VISIO_URL = env.str("VISIO_URL", "https://webconf.numerique.gouv.fr/")

# Where files to import are dropped, one folder an organisation; empty, nothing is watched.
IMPORT_FOLDERS = env.str("IMPORT_FOLDERS", "")

# The national address base; empty to work with the local list of towns alone.
ADDRESS_API_URL = env.str("ADDRESS_API_URL", "https://data.geopf.fr/geocodage")
ADDRESS_API_TIMEOUT = 2

DSFR_USE_INTEGRITY_CHECKSUMS = True
DSFR_MARK_OPTIONAL_FIELDS = True

LOG_LEVEL = logging.getLevelName(env.log_level("LOG_LEVEL", logging.INFO))
LOGGING = logging_settings(level=LOG_LEVEL, as_json=False)
