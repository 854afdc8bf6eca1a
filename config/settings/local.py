"""One machine, no service to install: SQLite, keys that are known to everybody. Never for real customers."""

from config import env
from config.settings.base import *  # noqa: F403

DEBUG = env.flag("DEBUG", False)
SECRET_KEY = env.text("SECRET_KEY", "local-only-not-a-secret-0123456789-abcdefghijklmnopqrstuvwxyz")
FIELD_KEYS = env.items("FIELD_KEYS", ["bG9jYWwtb25seS1maWVsZC1rZXktMDEyMzQ1Njc4OTA="])
ALLOWED_HOSTS = env.items("ALLOWED_HOSTS", ["127.0.0.1", "localhost", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.items("CSRF_TRUSTED_ORIGINS")
# Static files straight from their folders: nothing to collect on one machine.
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = True

# Where `make demo` listens.
WEB_PORT = env.number("WEB_PORT", 8000)
SANDBOX_PORT = env.number("SANDBOX_PORT", 8090)
