"""Every setting, from the environment. Names and defaults are in the README's table, which a test holds complete."""

import secrets
from pathlib import Path
from urllib.parse import quote, urlsplit

import environ
from django.urls import reverse_lazy

from project import embedded

env = environ.Env()

BASE_DIR = Path(__file__).resolve().parent.parent
PHOTOMILL_DATA_DIR = Path(env.str("PHOTOMILL_DATA_DIR", default=str(BASE_DIR / "data"))).absolute()

# What `serve` generated on its first start stands in for what the environment does not name.
for _name, _value in embedded.load_secrets(PHOTOMILL_DATA_DIR).items():
    env.ENVIRON.setdefault(_name, _value)

# --- Secrets -------------------------------------------------------------------------------------------------------
DEBUG = env.bool("PHOTOMILL_DEBUG", default=False)
PHOTOMILL_SECRET_KEY = env.str("PHOTOMILL_SECRET_KEY", default="")
# Beat and Flower sign nothing and are given no key; what does sign refuses to start without one.
SECRET_KEY = PHOTOMILL_SECRET_KEY or secrets.token_urlsafe(50)
SECRET_KEY_FALLBACKS = env.list("PHOTOMILL_SECRET_KEY_FALLBACKS", default=[])
PHOTOMILL_ENCRYPTION_KEYS = env.list("PHOTOMILL_ENCRYPTION_KEYS", default=[])
PHOTOMILL_JWT_KEYS = env.list("PHOTOMILL_JWT_KEYS", default=[])

SECRETS_FILE = embedded.secrets_file(PHOTOMILL_DATA_DIR)
SECRET_GENERATORS = embedded.GENERATORS

# --- Django --------------------------------------------------------------------------------------------------------
INSTALLED_APPS = [
    "unfold",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "accounts",
    "storage",
    "jobs",
]
MIDDLEWARE = [
    "project.middleware.RequestIdMiddleware",
    "project.traffic.TrafficMiddleware",
    "project.middleware.BorderMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "accounts.middleware.SecondFactorMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "project.urls"
WSGI_APPLICATION = "project.wsgi.application"
APPEND_SLASH = False
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_USER_MODEL = "accounts.User"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("MinimumLengthValidator", "CommonPasswordValidator", "NumericPasswordValidator")
]
LANGUAGE_CODE = "en-gb"
USE_TZ = True
TIME_ZONE = "UTC"
STATIC_URL = "/static/"
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False
SESSION_COOKIE_AGE = 8 * 3600
LOGIN_URL = "admin:login"
LOGIN_REDIRECT_URL = "admin:index"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = env.int("PHOTOMILL_MAX_BODY_BYTES", default=2_000_000)
# Views that take files count them, and say how large they may be. Others keep none.
FILE_UPLOAD_HANDLERS = ["jobs.uploads.NoFiles"]
DATA_UPLOAD_MAX_NUMBER_FILES = 1001

# --- Database ------------------------------------------------------------------------------------------------------
DATABASE_URL = env.str("DATABASE_URL", default="") or f"sqlite:///{PHOTOMILL_DATA_DIR}/photomill.sqlite3"
DATABASES = {"default": env.db_url_config(DATABASE_URL)}
IS_SQLITE = DATABASES["default"]["ENGINE"].endswith("sqlite3")
if IS_SQLITE:
    # IMMEDIATE takes the write lock at the start: without it two writers deadlock instead of waiting.
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    }
else:
    DATABASES["default"].setdefault("OPTIONS", {}).setdefault("connect_timeout", 4)
DATABASES["default"]["CONN_MAX_AGE"] = env.int("PHOTOMILL_CONN_MAX_AGE_SECONDS", default=60)
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True

# --- Broker --------------------------------------------------------------------------------------------------------
CELERY_BROKER_URL = env.str("CELERY_BROKER_URL", default="") or embedded.broker_url(PHOTOMILL_DATA_DIR)
PHOTOMILL_QUEUE_PREFIX = env.str("PHOTOMILL_QUEUE_PREFIX", default="")
PHOTOMILL_CACHE_URL = env.str(
    "PHOTOMILL_CACHE_URL", default=CELERY_BROKER_URL if CELERY_BROKER_URL.startswith("redis") else "database"
)
PHOTOMILL_WORKERS = env.int("PHOTOMILL_WORKERS", default=2)

# --- The way out ---------------------------------------------------------------------------------------------------
PHOTOMILL_ALLOWED_NETWORKS = env.list("PHOTOMILL_ALLOWED_NETWORKS", default=[])
PHOTOMILL_ALLOWED_PORTS = env.list("PHOTOMILL_ALLOWED_PORTS", default=["80", "443"])

# --- The way in ----------------------------------------------------------------------------------------------------
PHOTOMILL_PUBLIC_URL = env.str("PHOTOMILL_PUBLIC_URL", default="http://127.0.0.1:8000").rstrip("/")
PHOTOMILL_TRUSTED_PROXIES = env.list("PHOTOMILL_TRUSTED_PROXIES", default=[])
PHOTOMILL_ALLOWED_HOSTS = env.list("PHOTOMILL_ALLOWED_HOSTS", default=[])
_host = urlsplit(PHOTOMILL_PUBLIC_URL).hostname or ""
# This machine's own names too: health checks and operators come by them.
ALLOWED_HOSTS = [f"[{_host}]" if ":" in _host else _host, "localhost", "127.0.0.1", "[::1]", *PHOTOMILL_ALLOWED_HOSTS]
CSRF_TRUSTED_ORIGINS = [PHOTOMILL_PUBLIC_URL]
IS_HTTPS = PHOTOMILL_PUBLIC_URL.startswith("https://")
if IS_HTTPS:
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True
    SECURE_HSTS_SECONDS = 31_536_000
if PHOTOMILL_TRUSTED_PROXIES:
    # From anybody else BorderMiddleware takes the header away.
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SILENCED_SYSTEM_CHECKS = [
    "security.W005",  # HSTS for all hosts below ours, and
    "security.W021",  # for browsers to be shipped with: both speak for hosts that are not ours
    "security.W008",  # to send people on from http to https is the proxy's work: here it would fail health checks
]
PHOTOMILL_REQUESTS_PER_MINUTE = env.int("PHOTOMILL_REQUESTS_PER_MINUTE", default=1200)
PHOTOMILL_PLAN_LIMITS: dict[str, dict[str, int | None]] = env.json("PHOTOMILL_PLAN_LIMITS", default={})
PHOTOMILL_WEB_THREADS = env.int("PHOTOMILL_WEB_THREADS", default=16)
PHOTOMILL_SYNC_SECONDS = env.float("PHOTOMILL_SYNC_SECONDS", default=60)
PHOTOMILL_ENHANCE = env.str("PHOTOMILL_ENHANCE", default="plain")
PHOTOMILL_RETRY_LIMIT = env.int("PHOTOMILL_RETRY_LIMIT", default=0)
PHOTOMILL_BUSY_ITEMS = env.int("PHOTOMILL_BUSY_ITEMS", default=1000)
PHOTOMILL_CROPPHOTO_STRICT = env.bool("PHOTOMILL_CROPPHOTO_STRICT", default=False)
PHOTOMILL_CROPPHOTO_WEBHOOK_SECONDS = env.float("PHOTOMILL_CROPPHOTO_WEBHOOK_SECONDS", default=1800)

# --- House storage -------------------------------------------------------------------------------------------------
PHOTOMILL_STORAGE_URL = env.str("PHOTOMILL_STORAGE_URL", default=f"file://{quote(str(PHOTOMILL_DATA_DIR))}/house")
PHOTOMILL_STORAGE_PUBLIC_URL = env.str("PHOTOMILL_STORAGE_PUBLIC_URL", default="").rstrip("/")
PHOTOMILL_LINK_SECONDS = env.int("PHOTOMILL_LINK_SECONDS", default=24 * 3600)

# --- How long things are kept; 0 is for ever -----------------------------------------------------------------------
PHOTOMILL_KEEP_RESULTS_HOURS = env.int("PHOTOMILL_KEEP_RESULTS_HOURS", default=24)
PHOTOMILL_KEEP_UPLOADS_HOURS = env.int("PHOTOMILL_KEEP_UPLOADS_HOURS", default=24)
PHOTOMILL_KEEP_DELIVERIES_DAYS = env.int("PHOTOMILL_KEEP_DELIVERIES_DAYS", default=30)
PHOTOMILL_KEEP_JOBS_DAYS = env.int("PHOTOMILL_KEEP_JOBS_DAYS", default=90)
PHOTOMILL_KEEP_AUDIT_DAYS = env.int("PHOTOMILL_KEEP_AUDIT_DAYS", default=400)

# --- Items ---------------------------------------------------------------------------------------------------------
PHOTOMILL_ITEM_SECONDS = env.float("PHOTOMILL_ITEM_SECONDS", default=300)
PHOTOMILL_LEASE_SECONDS = env.float("PHOTOMILL_LEASE_SECONDS", default=30)
PHOTOMILL_SWEEP_SECONDS = env.float("PHOTOMILL_SWEEP_SECONDS", default=5)
PHOTOMILL_CANARY_SECONDS = env.float("PHOTOMILL_CANARY_SECONDS", default=20)
PHOTOMILL_CHILD_ITEMS = env.int("PHOTOMILL_CHILD_ITEMS", default=100)
PHOTOMILL_CHILD_MEMORY_BYTES = env.int("PHOTOMILL_CHILD_MEMORY_BYTES", default=2 * 1024**3)
PHOTOMILL_MAX_SOURCE_BYTES = env.int("PHOTOMILL_MAX_SOURCE_BYTES", default=100_000_000)
PHOTOMILL_MAX_PIXELS = env.int("PHOTOMILL_MAX_PIXELS", default=100_000_000)
PHOTOMILL_MAX_SIDE = env.int("PHOTOMILL_MAX_SIDE", default=16_384)
PHOTOMILL_MAX_FRAMES = env.int("PHOTOMILL_MAX_FRAMES", default=200)
PHOTOMILL_MAX_TOTAL_PIXELS = env.int("PHOTOMILL_MAX_TOTAL_PIXELS", default=100_000_000)
PHOTOMILL_MAX_JPEG_SCANS = env.int("PHOTOMILL_MAX_JPEG_SCANS", default=100)
PHOTOMILL_MAX_PNG_CHUNKS = env.int("PHOTOMILL_MAX_PNG_CHUNKS", default=10_000)
PHOTOMILL_FETCH_SECONDS = env.float("PHOTOMILL_FETCH_SECONDS", default=60)
PHOTOMILL_FONT_DIR = env.str("PHOTOMILL_FONT_DIR", default="")
PHOTOMILL_MODEL_DIR = env.str("PHOTOMILL_MODEL_DIR", default="")
PHOTOMILL_MODEL_MEMORY_BYTES = env.int("PHOTOMILL_MODEL_MEMORY_BYTES", default=1536 * 1024**2)
PHOTOMILL_MODEL_THREADS = env.int("PHOTOMILL_MODEL_THREADS", default=1)

# --- Callbacks -----------------------------------------------------------------------------------------------------
PHOTOMILL_CALLBACK_SECONDS = env.float("PHOTOMILL_CALLBACK_SECONDS", default=10)
PHOTOMILL_CALLBACK_SCHEDULE = [
    float(seconds)
    for seconds in env.list(
        "PHOTOMILL_CALLBACK_SCHEDULE", default=["1", "5", "25", "300", "1800", "7200", "18000", "36000"]
    )
]

# --- Mail ----------------------------------------------------------------------------------------------------------
PHOTOMILL_EMAIL_URL = env.str("PHOTOMILL_EMAIL_URL", default="")
PHOTOMILL_EMAIL_FROM = env.str("PHOTOMILL_EMAIL_FROM", default=f"Photomill <photomill@{_host}>")
vars().update(env.email_url_config(PHOTOMILL_EMAIL_URL or "dummymail://"))
EMAIL_TIMEOUT = 20
DEFAULT_FROM_EMAIL = SERVER_EMAIL = PHOTOMILL_EMAIL_FROM

# --- People --------------------------------------------------------------------------------------------------------
# Where strangers can reach the login, a password alone does not open every account's rows.
PHOTOMILL_REQUIRE_2FA = env.str("PHOTOMILL_REQUIRE_2FA", default="operators" if IS_HTTPS else "off").lower()
PASSWORD_RESET_TIMEOUT = 24 * 3600

# --- Celery (read by project.celery through the namespace CELERY) --------------------------------------------------
CELERY_TASK_IGNORE_RESULT = True
CELERY_RESULT_BACKEND = None
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_ACKS_LATE = False
CELERY_TASK_TIME_LIMIT = PHOTOMILL_ITEM_SECONDS + 120
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_SEND_TASK_EVENTS = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = True
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_TASK_PUBLISH_RETRY = False
CELERY_TASK_DEFAULT_QUEUE = f"{PHOTOMILL_QUEUE_PREFIX}periodic"
# Flower asks eight questions at once and blocks for ever on a smaller pool.
CELERY_BROKER_POOL_LIMIT = 16
# A publisher gives up after one more try at once: kombu's own patience would hold a request for six seconds.
CELERY_BROKER_TRANSPORT_OPTIONS = {"max_retries": 1, "interval_start": 0, "interval_step": 0.1, "interval_max": 0.1}
if CELERY_BROKER_URL.startswith("redis"):
    CELERY_BROKER_TRANSPORT_OPTIONS |= {
        "socket_timeout": 5,
        "socket_connect_timeout": 2,
        "socket_keepalive": True,
        "health_check_interval": 25,
        "visibility_timeout": int(PHOTOMILL_ITEM_SECONDS) + 600,
    }
CELERY_TIMEZONE = "UTC"

# --- Tokens --------------------------------------------------------------------------------------------------------
SIMPLE_JWT = {"TOKEN_TYPE_CLAIM": None, "JTI_CLAIM": "jti"}

# --- REST framework ------------------------------------------------------------------------------------------------
REST_FRAMEWORK = {"UNAUTHENTICATED_USER": None, "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema"}
SPECTACULAR_SETTINGS = {
    "TITLE": "Photomill",
    "DESCRIPTION": "Edits photographs in bulk: sources by recipes, results in your own storage.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SCHEMA_PATH_PREFIX": "/api/",
    "POSTPROCESSING_HOOKS": [],
    "PREPROCESSING_HOOKS": ["jobs.dialects.native.description.keep_own_paths"],
    "APPEND_COMPONENTS": {
        "securitySchemes": {
            "key": {
                "type": "http",
                "scheme": "bearer",
                "description": "an API key of the account, or the token of a person in it",
            }
        }
    },
    "SECURITY": [{"key": []}],
}

# --- Logs ----------------------------------------------------------------------------------------------------------
PHOTOMILL_LOG_LEVEL = env.str("PHOTOMILL_LOG_LEVEL", default="INFO").upper()
PHOTOMILL_METRICS_TOKEN = env.str("PHOTOMILL_METRICS_TOKEN", default="")
PHOTOMILL_SENTRY_DSN = env.str("PHOTOMILL_SENTRY_DSN", default="")
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"context": {"()": "project.logs.ContextFilter"}},
    "formatters": {"json": {"()": "project.logs.JsonFormatter"}},
    "handlers": {
        "stdout": {
            "class": "logging.StreamHandler",
            "stream": "ext://sys.stdout",
            "formatter": "json",
            "filters": ["context"],
        }
    },
    "root": {"handlers": ["stdout"], "level": PHOTOMILL_LOG_LEVEL},
    "loggers": {
        "celery.beat": {"level": "WARNING"},
        "celery.worker.strategy": {"level": "WARNING"},
        "celery.app.trace": {"level": "WARNING"},
        "django.request": {"level": "ERROR"},
        "pyvips": {"level": "WARNING"},
        # At DEBUG they write down what requests are signed with, and every header.
        **{name: {"level": "INFO"} for name in ("botocore", "boto3", "s3transfer", "urllib3", "httpcore")},
    },
}

# --- Admin ---------------------------------------------------------------------------------------------------------
UNFOLD = {
    "SITE_TITLE": "Photomill",
    "SITE_HEADER": "Photomill",
    "SITE_SYMBOL": "photo_library",
    "DASHBOARD_CALLBACK": "jobs.admin.dashboard.add_figures",
    "SIDEBAR": {"navigation": "jobs.admin.navigation.build_navigation"},
    "ACCOUNT": {
        "navigation": [
            {"title": "Security", "link": reverse_lazy("security")},
            {"title": "Change password", "link": reverse_lazy("admin:password_change")},
        ]
    },
}
