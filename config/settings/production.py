"""Real customers: every secret must be given, everything over TLS."""

from config import env
from config.settings.base import *  # noqa: F403

DEBUG = False
SECRET_KEY = env.secret("SECRET_KEY")
FIELD_KEYS = env.secret_list("FIELD_KEYS")
ALLOWED_HOSTS = env.secret_list("ALLOWED_HOSTS")
PUBLIC_URL = env.secret("PUBLIC_URL")
env.secret("DATABASE_URL")
CSRF_TRUSTED_ORIGINS = env.items("CSRF_TRUSTED_ORIGINS", [PUBLIC_URL])

SESSION_COOKIE_SECURE = True
CSRF_COOKIE_SECURE = True
SECURE_SSL_REDIRECT = env.flag("SECURE_SSL_REDIRECT", True)
SECURE_HSTS_SECONDS = env.number("HSTS_SECONDS", 31_536_000)
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_HSTS_PRELOAD = True
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if env.items("TRUSTED_PROXIES") else None

WEBHOOK_HTTPS_ONLY = True
WEBHOOK_PORTS = (443, 8443)

STORAGES = {
    **STORAGES,  # noqa: F405
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
