"""Tests: SQLite unless DATABASE_URL says otherwise, quick password hashes, no waiting."""

import os
import tempfile
from pathlib import Path

from config import env
from config.settings.local import *  # noqa: F403
from config.settings.local import DATA_DIR

# A test may keep its transaction open for as long as it takes.
DATABASES = {"default": env.database(f"sqlite:///{DATA_DIR / 'songda.sqlite3'}", kind="long")}

DEBUG = False
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
ALLOWED_HOSTS = ["*"]
AXES_ENABLED = False
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}

if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # A file, not memory: there the threads of a live server would share the test's one connection, and a page's statement could
    # fall into the middle of the test's transaction. Nothing of it has to outlive a power cut.
    DATABASES["default"]["TEST"] = {"NAME": str(Path(tempfile.gettempdir()) / f"songda-test-{os.getpid()}.sqlite3")}
    DATABASES["default"]["OPTIONS"]["init_command"] = (
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF; PRAGMA foreign_keys=ON;"
    )
