"""The WSGI entry point. A server must name its settings: production never starts by accident on local keys."""

import os

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.production")

application = get_wsgi_application()

# Load every page's code before the first request: else the first vendor's push to each process waits a second for it.
get_resolver().url_patterns  # noqa: B018 - reading it is what loads

from messaging.fence import web  # noqa: E402 - needs the applications loaded

web.keep()
