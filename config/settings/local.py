"""One machine, no service to install: SQLite, keys that are known to everybody. Never for real customers."""

from django.core.exceptions import ImproperlyConfigured

from config import env
from config.settings.base import *  # noqa: F403
from config.settings.base import DATABASES, INSTALLED_APPS, TASK_MODULES

# `manage.py demo` and `manage.py bench`, which sends by one task a person for comparison.
INSTALLED_APPS = [*INSTALLED_APPS, "tools"]
TASK_MODULES = [*TASK_MODULES, "tools.bench.baselines"]

DEBUG = env.flag("DEBUG", False)
SECRET_KEY = env.text("SECRET_KEY", "local-only-not-a-secret-0123456789-abcdefghijklmnopqrstuvwxyz")
FIELD_KEYS = env.items("FIELD_KEYS", ["bG9jYWwtb25seS1maWVsZC1rZXktMDEyMzQ1Njc4OTA="])
ALLOWED_HOSTS = env.items("ALLOWED_HOSTS", ["127.0.0.1", "localhost", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.items("CSRF_TRUSTED_ORIGINS")
VENDOR_HOSTS = env.hosts("VENDOR_HOSTS", ["127.0.0.1", "localhost", "::1"])

# Workers open signed pickles: on keys that everybody knows, a database that others reach is a door to this machine.
_OPEN = DATABASES["default"]["ENGINE"].endswith("postgresql") or env.hosts("ALLOWED_HOSTS") - {
    "127.0.0.1",
    "localhost",
    "::1",
}
if _OPEN and not env.flag("SONGDA_LOCAL", False):
    raise ImproperlyConfigured(
        "These are the local settings, whose keys everybody knows, but DATABASE_URL names a PostgreSQL server or ALLOWED_HOSTS a "
        "host beyond this machine. For real use set DJANGO_SETTINGS_MODULE=config.settings.production; on a machine for trials "
        "set SONGDA_LOCAL=1."
    )
# Static files straight from their folders: nothing to collect on one machine.
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = True

# Where `make demo` listens.
WEB_PORT = env.number("WEB_PORT", 8000)
SANDBOX_PORT = env.number("SANDBOX_PORT", 8090)
