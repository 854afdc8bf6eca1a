"""One machine, no service to install: SQLite, keys that are known to everybody. Never for real customers."""

from config import env
from config.settings.base import *  # noqa: F403

DEBUG = env.flag("DEBUG", True)
SECRET_KEY = env.text("SECRET_KEY", "local-only-not-a-secret-0123456789-abcdefghijklmnopqrstuvwxyz")
FIELD_KEYS = env.items("FIELD_KEYS", ["bG9jYWwtb25seS1maWVsZC1rZXktMDEyMzQ1Njc4OTA="])
ALLOWED_HOSTS = env.items("ALLOWED_HOSTS", ["127.0.0.1", "localhost", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.items("CSRF_TRUSTED_ORIGINS")
