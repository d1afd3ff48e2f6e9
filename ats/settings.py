"""All settings, each from the environment and each named in `.env.example`.

With nothing set it is the embedded default: SQLite, the disk as store, a broker where the supervisor starts one.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import environ
from corsheaders.defaults import default_headers
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from ats.environment import Environment

BASE_DIR = Path(__file__).resolve().parent.parent
env = Environment(BASE_DIR / ".env")

# --- The installation -------------------------------------------------------------------------------------------------
ATS_ENVIRONMENT = env.text("ATS_ENVIRONMENT", "local")
DEBUG = env.flag("DEBUG")
INSECURE_KEY = "insecure-key-for-local-trials-only"
SECRET_KEY = env.text("SECRET_KEY", INSECURE_KEY)
ALLOWED_HOSTS = env.words("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]")
PUBLIC_URL = env.text("PUBLIC_URL", "http://127.0.0.1:8000").rstrip("/")
ATS_DATA_DIR = Path(env.text("ATS_DATA_DIR", "var")).resolve()
LOG_DIR = Path(env.text("LOG_DIR", str(ATS_DATA_DIR / "logs"))).resolve()
LOG_DAYS = env.number("LOG_DAYS", 30)
LEDGER_DAYS = env.number("LEDGER_DAYS", 90)
BEHIND_PROXIES = env.number("BEHIND_PROXIES", 0, least=0)

ALERT_EMAILS = env.words("ALERT_EMAILS")
ALERT_FROM = env.text("ALERT_FROM", "cv-intake@localhost")
EMAIL_URL = env.text("EMAIL_URL", "consolemail://")
METRICS_ADDRESSES = env.words("METRICS_ADDRESSES")
vars().update({name: value for name, value in environ.Env.email_url_config(EMAIL_URL).items() if name != "OPTIONS"})

# --- Files ------------------------------------------------------------------------------------------------------------
CV_MAX_BYTES = env.number("CV_MAX_BYTES", 10 * 2**20)
CV_FILE_TYPES = env.words("CV_FILE_TYPES", "pdf,doc,docx,rtf,odt")
VIDEO_FILE_TYPES = env.words("VIDEO_FILE_TYPES", "mp4,mov,webm,mkv")
UPLOAD_MAX_BYTES = env.number("UPLOAD_MAX_BYTES", 5 * 2**30)
UPLOAD_CHUNK_BYTES = env.number("UPLOAD_CHUNK_BYTES", 5 * 2**20, least=64 * 1024)
UPLOAD_SESSION_TTL = env.number("UPLOAD_SESSION_TTL", 24 * 3600, least=60)
UPLOAD_OPEN_SESSIONS = env.number("UPLOAD_OPEN_SESSIONS", 100)  # for each user
UPLOAD_OPEN_BYTES = env.number("UPLOAD_OPEN_BYTES", 10 * UPLOAD_MAX_BYTES)  # for each user
RESUME_STORAGE_DIR = env.text("RESUME_STORAGE_DIR", "resumes").strip("/")
PRESIGN_TTL = env.number("PRESIGN_TTL", 900, least=60)
MULTIPART_FROM = env.number("MULTIPART_FROM", 100 * 2**20, least=5 * 2**20)
VERIFY_INLINE_MAX = env.number("VERIFY_INLINE_MAX", 32 * 2**20)

EXTERNAL_READER_URL = env.text("EXTERNAL_READER_URL")
EXTERNAL_READER_MODEL = env.text("EXTERNAL_READER_MODEL")
EXTERNAL_READER_KEY = env.text("EXTERNAL_READER_KEY")
EXTERNAL_READER_TIMEOUT = env.number("EXTERNAL_READER_TIMEOUT", 10)
EXTERNAL_READER_DAILY_CALLS = env.number("EXTERNAL_READER_DAILY_CALLS", 1000)

# --- The store: S3 when a bucket is named, else the disk --------------------------------------------------------------
S3_BUCKET = env.text("S3_BUCKET")
S3_ENDPOINT_URL = env.text("S3_ENDPOINT_URL") or None
S3_PUBLIC_ENDPOINT_URL = env.text("S3_PUBLIC_ENDPOINT_URL") or S3_ENDPOINT_URL
S3_REGION = env.text("S3_REGION", "us-east-1")
S3_ACCESS_KEY_ID = env.text("S3_ACCESS_KEY_ID")
S3_SECRET_ACCESS_KEY = env.text("S3_SECRET_ACCESS_KEY")

# --- Database ---------------------------------------------------------------------------------------------------------
DATABASE_URL = env.text("DATABASE_URL")
DB_STATEMENT_TIMEOUT_MS = env.number("DB_STATEMENT_TIMEOUT_MS", 8000)


def _sqlite() -> dict:
    # WAL lets readers pass a writer; FULL keeps what was acknowledged through a power cut;
    # IMMEDIATE takes the write lock at BEGIN, where SQLite can still wait for it.
    # secure_delete overwrites what was erased instead of leaving it in free pages.
    pragmas = "PRAGMA journal_mode=WAL;PRAGMA synchronous=FULL;PRAGMA secure_delete=ON;"
    ATS_DATA_DIR.mkdir(mode=0o700, parents=True, exist_ok=True)
    options = {"transaction_mode": "IMMEDIATE", "timeout": 8, "init_command": pragmas}
    return {"ENGINE": "django.db.backends.sqlite3", "NAME": ATS_DATA_DIR / "db.sqlite3", "OPTIONS": options}


def _postgresql() -> dict:
    database = environ.Env.db_url_config(DATABASE_URL)
    if database["ENGINE"] != "django.db.backends.postgresql":
        raise ImproperlyConfigured("DATABASE_URL must begin with postgres:// (empty means SQLite).")
    limits = {
        "statement_timeout": DB_STATEMENT_TIMEOUT_MS,
        "lock_timeout": DB_STATEMENT_TIMEOUT_MS // 2,
        "idle_in_transaction_session_timeout": 30_000,
    }
    options = " ".join(f"-c {name}={value}" for name, value in limits.items())
    # Parameters bound by the server, so that a statement is planned once for each connection and not for each call.
    binding = {"server_side_binding": True, "prepare_threshold": 3}
    # A machine that vanished without a word is given up as soon as a statement would be.
    patience = {"connect_timeout": 3, "tcp_user_timeout": DB_STATEMENT_TIMEOUT_MS}
    database["OPTIONS"] = {**database.get("OPTIONS", {}), **binding, **patience, "options": options}
    return {**database, "ENGINE": "ats.postgresql", "CONN_MAX_AGE": 600, "CONN_HEALTH_CHECKS": True}


DATABASES = {"default": _postgresql() if DATABASE_URL else _sqlite()}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- Broker and shared cache: one Redis, or none ----------------------------------------------------------------------
REDIS_URL = env.text("REDIS_URL")
# A broker that sleeps must not hold a request up: less than half a second, then the caller goes on without it.
REDIS_PATIENCE = {"socket_connect_timeout": 0.4, "socket_timeout": 0.4}
CACHES: dict[str, dict] = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
if REDIS_URL:
    CACHES["default"] = {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "OPTIONS": {**REDIS_PATIENCE, "serializer": "ats.cached.AsJSON"},
    }

CELERY_BROKER_URL = REDIS_URL.replace("unix://", "redis+socket://") or None
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_RETRY_ON_WORKER_LOST = True
CELERY_TASK_DEFAULT_QUEUE = "ats"
CELERY_TASK_ROUTES = {"*.sweep_*": {"queue": "sweeps"}, "*.parse_scan": {"queue": "ocr"}}
CELERY_TASK_SOFT_TIME_LIMIT = 45
CELERY_TASK_TIME_LIMIT = 60
CELERY_TASK_PUBLISH_RETRY = False
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_MAX_TASKS_PER_CHILD = 1000
CELERY_WORKER_MAX_MEMORY_PER_CHILD = 400_000  # KiB
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 20
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 4200,  # above the longest hard limit, the hour of a large hash
    "unacked_restore_interval": 5,
    "unacked_restore_throttle": 1,
    "socket_connect_timeout": 0.5,
    "socket_timeout": 5,
}

# --- Django -----------------------------------------------------------------------------------------------------------
INSTALLED_APPS = [
    "unfold.apps.BasicAppConfig",
    "unfold.contrib.filters",
    "ats.apps.DeskConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "axes",
    "corsheaders",
    "knox",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "uploads",
    "capture",
    "candidates",
    "parsing",
    "ats",
]
MIDDLEWARE = [
    "ats.middleware.Trace",
    "django.middleware.security.SecurityMiddleware",
    "corsheaders.middleware.CorsMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "ats.middleware.ContentPolicy",
    "ats.middleware.Session",
    "django.middleware.common.CommonMiddleware",
    "ats.middleware.Csrf",
    "ats.middleware.Authentication",
    "ats.middleware.Messages",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "axes.middleware.AxesMiddleware",
]
APPEND_SLASH = False  # every path answers with and without the slash; no door redirects
ROOT_URLCONF = "ats.urls"
WSGI_APPLICATION = "ats.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
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
LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_TZ = True
STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},  # every file goes through uploads.storage
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = DEBUG
DATA_UPLOAD_MAX_MEMORY_SIZE = 128 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 100
DATA_UPLOAD_MAX_NUMBER_FILES = 2
FILE_UPLOAD_MAX_MEMORY_SIZE = 2**20
FILE_UPLOAD_HANDLERS = [
    "uploads.multipart.Bounded",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]

# --- Who may come in --------------------------------------------------------------------------------------------------
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]
LOGIN_URL = "admin:login"
LOGIN_REDIRECT_URL = "admin:index"
KNOX_TOKEN_MODEL = "capture.DeviceToken"  # noqa: S105 (a model, no secret)
MIGRATION_MODULES = {"knox": None}  # its one table would stand empty beside ours
REST_KNOX = {
    "AUTH_HEADER_PREFIX": "Bearer",
    "TOKEN_TTL": timedelta(days=90),
    "TOKEN_PREFIX": "ats_",
    "AUTO_REFRESH": False,
}
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = 1  # hours
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_VERBOSE = False
AXES_LOCKOUT_CALLABLE = "ats.sign_in.locked_out"
SESSION_COOKIE_AGE = 8 * 3600
SESSION_COOKIE_HTTPONLY = True
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
HTTPS = PUBLIC_URL.startswith("https://")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
SECURE_SSL_REDIRECT = HTTPS
SECURE_REDIRECT_EXEMPT = [r"^healthz/?$", r"^readyz/?$"]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if BEHIND_PROXIES else None
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]
CSRF_FAILURE_VIEW = "ats.sign_in.too_old"  # the doors have their own answer
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"  # names of people stay out of cookies
SILENCED_SYSTEM_CHECKS = ["security.W003"]  # CSRF is checked by a subclass, ats.middleware.Csrf
CORS_ALLOWED_ORIGINS = env.words("CORS_ALLOWED_ORIGINS")
_TUS = ["Tus-Resumable", "Upload-Length", "Upload-Metadata", "Upload-Offset"]
CORS_ALLOW_HEADERS = [*default_headers, "X-Trace-Id", *_TUS, "Upload-Checksum", "X-HTTP-Method-Override"]
CORS_EXPOSE_HEADERS = [
    "X-Trace-Id", "Retry-After", "Location", *_TUS, "Upload-Expires",
    "Tus-Version", "Tus-Extension", "Tus-Max-Size", "Tus-Checksum-Algorithm",
]  # fmt: skip
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "object-src": [NONE],
        "base-uri": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [SELF],
        "frame-src": [SELF],
        "img-src": [SELF, "data:"],
    }
}

# --- The doors --------------------------------------------------------------------------------------------------------
DOORS = ("capture", "upload", "candidates", "chunked")
RATES = {door: env.number(f"RATE_{door.upper()}", 600) for door in DOORS}  # calls a minute, for each user
# Six hundred chunks a minute would be 50 MB/s. What a user may hold open limits the bytes; this only stops a loop.
RATES["chunks"] = env.number("RATE_CHUNKS", 30_000)
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["ats.auth.BearerAuthentication", "ats.auth.BrowserAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_THROTTLE_CLASSES": ["ats.limits.DoorThrottle"],
    "DEFAULT_PARSER_CLASSES": ["ats.parsers.StrictJSONParser", "ats.parsers.StrictFormParser"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "ats.parsers.AlwaysJSON",
    "DEFAULT_SCHEMA_CLASS": "ats.schema.DoorSchema",
    "EXCEPTION_HANDLER": "ats.errors.handler",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "CV intake",
    "DESCRIPTION": "The doors by which CVs arrive. Every error of every door has the one envelope `Error`.",
    "VERSION": "0.1.0",
    "SERVE_PUBLIC": True,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.IsAuthenticated"],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "ENFORCE_NON_BLANK_FIELDS": True,
    "COMPONENT_SPLIT_REQUEST": True,
}


# --- Logs -------------------------------------------------------------------------------------------------------------
def _daily(name: str) -> dict:
    return {"class": "uploads.daily_log.DailyFileHandler", "folder": str(LOG_DIR), "name": name, "formatter": "daily"}


LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"trace": {"()": "uploads.trace.TraceFilter"}},
    "formatters": {
        "console": {"format": "{asctime} {levelname} {name} [{trace_id}] {message}", "style": "{"},
        "daily": {"()": "uploads.daily_log.SeedFormatter", "environment": ATS_ENVIRONMENT},
    },
    "handlers": {
        "console": {"class": "logging.StreamHandler", "formatter": "console", "filters": ["trace"]},
        **{name: _daily(name) for name in ("cv-capture", "chunked-upload")},
    },
    "root": {"handlers": ["console"], "level": "INFO"},
    "loggers": {
        "door.cv_capture": {"handlers": ["cv-capture"], "level": "INFO"},
        "door.chunked_upload": {"handlers": ["chunked-upload"], "level": "INFO", "propagate": False},
        "django.request": {"level": "ERROR"},
        "axes": {"level": "WARNING"},
    },
}

# --- The desk ---------------------------------------------------------------------------------------------------------
UNFOLD = {
    "SITE_TITLE": "CV intake",
    "SITE_HEADER": "CV intake",
    "SITE_SYMBOL": "inbox",
    "SITE_URL": None,
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": "ats.admin_base.desk_icon"}],
    "SHOW_HISTORY": True,
    "SHOW_VIEW_ON_SITE": False,
    "LOGIN": {"form": "ats.sign_in.SignIn"},
    "STYLES": ["ats.admin_base.desk_css"],
    "SCRIPTS": ["ats.admin_base.desk_js"],
    "COLORS": {"primary": "ats.admin_base.primary_colours"},
    "SIDEBAR": {"show_search": False, "show_all_applications": False, "navigation": "ats.admin_base.navigation"},
}

# --- Contradictions stop the start ------------------------------------------------------------------------------------
env.refuse_unknown()
if S3_BUCKET and not (S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY):
    raise ImproperlyConfigured("S3_BUCKET is set: S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY are needed with it.")
if EXTERNAL_READER_URL and not EXTERNAL_READER_MODEL:
    raise ImproperlyConfigured("EXTERNAL_READER_URL is set: name the model in EXTERNAL_READER_MODEL.")
if (S3_ENDPOINT_URL or S3_ACCESS_KEY_ID) and not S3_BUCKET:
    raise ImproperlyConfigured("S3_ENDPOINT_URL or S3_ACCESS_KEY_ID is set, but S3_BUCKET is not: name the bucket.")
if ATS_ENVIRONMENT == "production":
    if DEBUG:
        raise ImproperlyConfigured("DEBUG must be off where ATS_ENVIRONMENT is production.")
    if SECRET_KEY == INSECURE_KEY or len(SECRET_KEY) < 50:
        raise ImproperlyConfigured("SECRET_KEY must be set to 50 or more random characters in production.")
    if not DATABASE_URL or not REDIS_URL:
        raise ImproperlyConfigured("DATABASE_URL and REDIS_URL must be set where ATS_ENVIRONMENT is production.")
for extension in CV_FILE_TYPES + VIDEO_FILE_TYPES:
    if extension not in {"pdf", "doc", "docx", "rtf", "odt", "mp4", "mov", "webm", "mkv"}:
        raise ImproperlyConfigured(f"{extension} is no known file type: see CV_FILE_TYPES in .env.example.")
if urlsplit(PUBLIC_URL).scheme not in {"http", "https"}:
    raise ImproperlyConfigured("PUBLIC_URL must begin with http:// or https://.")
