"""What every environment shares. Values that differ between machines come from config.env."""

from pathlib import Path

from csp.constants import NONE, SELF
from django.utils.translation import gettext_lazy as _

from config import env

BASE_DIR: Path = env.ROOT
DATA_DIR: Path = env.data_dir()
# What tells after a restore that the database is behind what was sent (docs/adr/0018-restore-fence.md). In production outside
# DATA_DIR, on a disk of this host that outlives the process.
FENCE_DIR: Path = env.fence_dir()
# The name of this installation. A copy of its database under another name sends nothing until a person has decided.
SONGDA_INSTALLATION = env.text("SONGDA_INSTALLATION", "").strip()[:60]

INSTALLED_APPS = [
    "config.apps.SongdaAdminConfig",
    "config.apps.SongdaConfig",
    "campaigns",
    "messaging",
    "templates_5g",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "config.apps.SongdaStaticFilesConfig",
    "rest_framework",
    "drf_spectacular",
    "django_q",
    "axes",
    "csp",
]

MIDDLEWARE = [
    "config.middleware.ForwardedScheme",
    "config.middleware.BrowserLimits",
    "django.middleware.security.SecurityMiddleware",
    "messaging.callbacks.middleware.CallbackFastPathMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "config.middleware.PrintableInput",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "config.sessions.SessionRules",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "axes.middleware.AxesMiddleware",
    "config.busy.Busy",
]

AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
# A person and an address together are locked; many tries for one name or from one address are slowed down (config/sign_in.py).
AXES_FAILURE_LIMIT = 5
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_CLIENT_IP_CALLABLE = "kit.client_ip.ip"
AXES_COOLOFF_TIME = 0.25  # hours
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False  # or whoever goes on trying keeps the lock for ever
AXES_RESET_ON_SUCCESS = True  # of this person at this address alone
AXES_LOCKOUT_TEMPLATE = "admin/locked_out.html"

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "config" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

DATABASES = {"default": env.database(f"sqlite:///{DATA_DIR / 'songda.sqlite3'}")}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

_VALIDATION = "django.contrib.auth.password_validation"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"{_VALIDATION}.UserAttributeSimilarityValidator"},
    {"NAME": "config.passwords.LongEnough", "OPTIONS": {"min_length": 12}},
    {"NAME": f"{_VALIDATION}.CommonPasswordValidator"},
    {"NAME": f"{_VALIDATION}.NumericPasswordValidator"},
]

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", _("Simplified Chinese")), ("en", _("English"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = "Asia/Shanghai"
USE_I18N = True
USE_TZ = True
USE_THOUSAND_SEPARATOR = False

STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "static_built"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
MEDIA_ROOT = DATA_DIR / "media"
MEDIA_URL = "media/"
DATA_UPLOAD_MAX_MEMORY_SIZE = 20 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 10_000
# Uploaded lists hold full numbers: nobody else on the machine reads them.
FILE_UPLOAD_PERMISSIONS = 0o600
FILE_UPLOAD_DIRECTORY_PERMISSIONS = 0o700

# No inline script or style anywhere, nothing from another host.
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:", "blob:"],
        "media-src": [SELF, "blob:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [SELF],
        "report-uri": "/csp-report/",
    }
}
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_AGE = 12 * 3600
# The CSRF token is read by our own scripts from the page, never from the cookie.
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "config.expired.csrf_failure"

CACHES = {"default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "songda_cache"}}

# django-q2: the broker is the same database, so that work and job commit together. `deps`: retry must exceed
# timeout x (queue_limit / workers + 1); results are not kept (keeping them costs 3-7x).
_WORKERS = env.number("WORKERS", 3)
_CLUSTER = {
    "workers": _WORKERS,
    "timeout": 60,
    "retry": 300,
    "queue_limit": _WORKERS,
    "bulk": 1,
    "max_attempts": 2,
    "ack_failures": True,
    "save_limit": -1,
    "poll": 0.5,
    "recycle": 1_000_000_000,  # a vanished worker is an accident that the supervisor acts upon
    "catch_up": False,
    "orm": "default",
    "broker_class": "messaging.queue.OwnTasksOnly",
    "label": "Django-Q",
}
# The modules whose functions a worker runs. A job that names any other is removed.
TASK_MODULES = ["messaging.worker.tasks", "campaigns.tasks"]
Q_CLUSTER = {
    **_CLUSTER,
    "name": "notice",
    "ALT_CLUSTERS": {
        "bulk": _CLUSTER,
        "import": {**_CLUSTER, "workers": 1, "queue_limit": 1, "timeout": 3600, "retry": 7500},
    },
}

REST_FRAMEWORK = {
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework.authentication.SessionAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"masking": {"()": "kit.logs.MaskingFilter"}},
    "formatters": {
        "json": {"()": "kit.logs.JsonFormatter"},
        "plain": {"()": "kit.logs.PlainFormatter"},
    },
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            "formatter": env.text("LOG_FORMAT", "plain"),
            "filters": ["masking"],
        }
    },
    "root": {"handlers": ["console"], "level": env.text("LOG_LEVEL", "INFO")},
    "loggers": {
        "django.server": {"handlers": ["console"], "level": "INFO", "propagate": False},
        "django-q": {"handlers": ["console"], "level": "WARNING", "propagate": False},
        "axes": {"level": "WARNING"},
    },
}

# The address under which vendors reach this installation: callback and media links are built from it.
PUBLIC_URL = env.text("PUBLIC_URL", "http://127.0.0.1:8000")
# Addresses or networks of reverse proxies whose X-Forwarded-For may be believed. Empty: only the socket's peer counts.
TRUSTED_PROXIES = env.items("TRUSTED_PROXIES")
# Vendors' hosts that may be private or spoken to without TLS. All others: https and public addresses only.
VENDOR_HOSTS = env.hosts("VENDOR_HOSTS")

# Where webhooks may go: production takes https alone. No port: any.
WEBHOOK_HTTPS_ONLY = False
WEBHOOK_PORTS: tuple[int, ...] = (80, 443, 8080, 8443)

QUEUES = ("notice", "bulk", "import")
# By queue: added to what the supervisor's processes are given.
WORKER_ENVIRONMENT = {queue: env.of_workers(queue) for queue in QUEUES}
# Which `manage.py worker` this process belongs to, and to which of its queues ("" for every other process).
WORKER_ID = env.text("WORKER_ID", env.host_name())
QUEUE_NAME = env.text("Q_CLUSTER_NAME", "")

# House-wide defaults of the sending policy; an account or campaign may be stricter.
SONGDA = {
    "RECEIPT_HOURS": 72,  # nothing heard for this long after hand-over: no_receipt
    "REPLY_MATCH_HOURS": 72,  # a reply belongs to the newest delivery to that phone within this time
    "CALLBACK_AGE_HOURS": 72,  # an older signed callback is refused as a replay
    "CLAIM_SECONDS": env.number(
        "CLAIM_SECONDS", 90
    ),  # a claim older than this is swept: claimed -> queued, sending -> unknown
    "UNKNOWN_DEADLINE_HOURS": 72,  # only after this may a person say "not sent"
    "CALL_KEEP_DAYS": 30,
    "UNREADABLE_KEEP_DAYS": 184,  # never fewer: half a year is what the rules ask of a log
    "HTTP_DEADLINE_SECONDS": env.number("HTTP_DEADLINE_SECONDS", 30),
    "TURN_SECONDS": env.number("TURN_SECONDS", 20),  # one job sends or applies so long, then the next has its turn
    "TICK_SECONDS": env.number("TICK_SECONDS", 5),
    # A file, a check or a layout that has not got on for so long is begun again: its worker died.
    "STUCK_SECONDS": env.number("STUCK_SECONDS", 120),
    "JOB_LOST_SECONDS": env.number("JOB_LOST_SECONDS", 120),  # a job that nobody has run for so long counts as lost
    "STOP_GRACE_SECONDS": env.number("STOP_GRACE_SECONDS", 40),  # longer than a turn of sending and one call
    "BREAKER_BATCHES": 3,  # this many batches in a row with vendor trouble stop the account
    # So long a host without a file looks whether another is alive; hosts have twice as long to report after a promotion.
    "FENCE_WAIT_SECONDS": env.number("FENCE_WAIT_SECONDS", 30),
    "HEARTBEAT_RED_SECONDS": env.number("HEARTBEAT_RED_SECONDS", 180),
    "LOOKUPS_PER_HOUR": env.number("LOOKUPS_PER_HOUR", 100),  # numbers that one person may type into searches
    "SESSION_IDLE_MINUTES": env.number("SESSION_IDLE_MINUTES", 60),  # without activity a session ends
    "SESSION_HOURS": 12,  # and after this in any case
    "FRESH_PASSWORD_HOURS": 24,  # whose password somebody else set approves nothing for so long
}
