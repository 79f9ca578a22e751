"""Development and demonstration: nothing to configure, nothing real behind."""

from config.settings.base import *
from config.settings.base import DATA_DIR, INSTALLED_APPS, env
from config.settings.database import database

DEBUG = env.bool("DEBUG", False)
DEMO_MODE = True
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", ["127.0.0.1", "localhost", "[::1]"])
INSTALLED_APPS = [*INSTALLED_APPS, "demo"]

# Public on purpose: they protect nothing but made-up people. Production refuses them.
SECRET_KEY = "demo-secret-key-for-made-up-people-only"  # noqa: S105
ENCRYPTION_KEYS = ["demo:ZGVtby1rZXktZm9yLW1hZGUtdXAtcGVvcGxlLW9ubHk="]
BLIND_INDEX_KEY = "demo-blind-index-key"
CALLBACK_SECRET = "demo-callback-secret"  # noqa: S105

DATABASES = {"default": database(env, DATA_DIR / "postgres")}

WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False

IMPORT_FOLDERS = env.str("IMPORT_FOLDERS", str(DATA_DIR / "depots"))

# Started by `make demo`: a mail server, an SMS provider and an address base of our own, on this machine only.
DEMO_OUTBOX = DATA_DIR / "outbox"
EMAIL_HOST = "127.0.0.1"
EMAIL_PORT = env.int("DEMO_SMTP_PORT", 8025)
SMS_API_URL = f"http://127.0.0.1:{env.int('DEMO_SMS_PORT', 8026)}/v3/"
SMS_API_KEY = EMAIL_API_KEY = "demo"
EMAIL_API_URL = f"http://127.0.0.1:{env.int('DEMO_EMAIL_PORT', 8028)}/v3/"
OVH_API_URL = f"http://127.0.0.1:{env.int('DEMO_OVH_PORT', 8029)}/1.0/"
OVH_APPLICATION_KEY = OVH_APPLICATION_SECRET = OVH_CONSUMER_KEY = "demo"  # noqa: S105
OVH_SMS_SERVICE = "sms-demo-1"
# Whoever tries the demonstration in the evening sees SMS leave.
SMS_QUIET_HOURS = env.str("SMS_QUIET_HOURS", "")
ADDRESS_API_URL = f"http://127.0.0.1:{env.int('DEMO_ADDRESS_PORT', 8027)}"
