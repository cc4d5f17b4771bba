"""Django settings. Everything that differs between installations comes from the environment
(docs/operations.md lists it); what is not set falls back to the embedded default."""

from __future__ import annotations

import secrets
from pathlib import Path

from csp.constants import NONCE, NONE, SELF
from django.utils.translation import gettext_lazy as _

from portal import env

BASE_DIR = env.BASE_DIR
VAR_DIR = env.VAR_DIR
PRODUCTION = env.flag("VOUCHSAFE_PRODUCTION")
DEBUG = env.flag("VOUCHSAFE_DEBUG")
EMBEDDED = env.embedded_server() is not None


def _secret_key() -> str:
    """SECRET_KEY from the environment; outside production a random one kept in VAR_DIR."""
    if key := env.text("SECRET_KEY"):
        return key
    if PRODUCTION:
        raise RuntimeError("SECRET_KEY must be set in production")
    path = VAR_DIR / "secret-key"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(64))
    return path.read_text()


SECRET_KEY = _secret_key()
PUBLIC_URL = env.text("VOUCHSAFE_PUBLIC_URL", "http://127.0.0.1:8000").rstrip("/")
ALLOWED_HOSTS = env.words("ALLOWED_HOSTS", "127.0.0.1,localhost,[::1]")
CSRF_TRUSTED_ORIGINS = env.words("CSRF_TRUSTED_ORIGINS")

INSTALLED_APPS = [
    "portal",
    "crisis",
    "comms",
    "templates_mgmt",
    "investors",
    "audit",
    "core",
    "portal.apps.ConsoleConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.sessions",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "axes",
    "django_filters",
    "django_htmx",
    "django_otp",
    "django_otp.plugins.otp_static",
    "django_otp.plugins.otp_totp",
    "drf_spectacular",
    "guardian",
    "rest_framework",
    "simple_history",
]

MIDDLEWARE = [
    "csp.middleware.CSPMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_otp.middleware.OTPMiddleware",
    "core.middleware.ActorMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "portal.middleware.ErrorPagesMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "portal.urls"
WSGI_APPLICATION = "portal.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
                "portal.context.shell",
            ],
        },
    }
]

DATABASES = env.databases()
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "core.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
    "guardian.backends.ObjectPermissionBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
ANONYMOUS_USER_NAME = None
GUARDIAN_MONKEY_PATCH_USER = False
LOGIN_URL = "sign-in"
LOGIN_REDIRECT_URL = "overview"
OTP_TOTP_ISSUER = "Vouchsafe"
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = 0.25  # hours
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_LOCKOUT_CALLABLE = "core.signin.lockout_response"
AXES_ENABLE_ADMIN = False
SIMPLE_HISTORY_HISTORY_ID_USE_UUID = True
SIMPLE_HISTORY_ENABLED = False  # its signals: the database writes the rows (core.history)

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", _("Simplified Chinese")), ("en", _("English"))]
LOCALE_PATHS = [BASE_DIR / "portal" / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "Asia/Shanghai"

STATIC_URL = "static/"
STATIC_ROOT = VAR_DIR / "static"
STORAGES = {
    "default": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": VAR_DIR / "files"},
    },
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if PRODUCTION
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = not PRODUCTION
FILE_UPLOAD_MAX_MEMORY_SIZE = 1_048_576
DATA_UPLOAD_MAX_MEMORY_SIZE = 5_242_880

# Cookies and transport. Only the local default may run over plain HTTP.
SECURE = PRODUCTION or PUBLIC_URL.startswith("https://")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 8 * 3600
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "portal.errors.csrf_failure"
SECURE_SSL_REDIRECT = PRODUCTION and env.flag("SECURE_SSL_REDIRECT", default=True)
SECURE_HSTS_SECONDS = 63_072_000 if PRODUCTION else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = PRODUCTION
SECURE_REFERRER_POLICY = "same-origin"
SECURE_PROXY_SSL_HEADER = (
    ("HTTP_X_FORWARDED_PROTO", "https") if env.flag("VOUCHSAFE_BEHIND_PROXY") else None
)
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF, NONCE],
        "style-src": [SELF, NONCE],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        "worker-src": [SELF],
        "frame-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
    }
}

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "core.api.ApiKeyAuthentication",
        "core.api.VerifiedSessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["core.api.HasActor"],
    "DEFAULT_THROTTLE_CLASSES": ["core.api.ActorThrottle"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_PAGINATION_CLASS": "core.api.CursorPages",
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "core.api.problem_details",
    "PAGE_SIZE": 50,
    "UNAUTHENTICATED_USER": None,
}
SMS_PRICE = env.text("VOUCHSAFE_SMS_PRICE", "")  # of one part, e.g. "0.045 CNY"; empty: unknown
LINK_HOSTS = env.words("VOUCHSAFE_LINK_HOSTS")  # hosts that templates may link to
API_RATE = env.text("VOUCHSAFE_API_RATE", "1200/min")  # calls per user or key; empty: no limit
SPECTACULAR_SETTINGS = {
    "TITLE": "Vouchsafe API",
    "DESCRIPTION": "Investors, templates, notices, deliveries, records and exports.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SERVE_AUTHENTICATION": [],
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "ENUM_NAME_OVERRIDES": {
        "ChannelEnum": "comms.serializers.CHANNELS",
        "TemplateChannelEnum": "templates_mgmt.serializers.CHANNELS",
        "NoticeStateEnum": "comms.serializers.NOTICE_STATES",
        "DryRunStateEnum": "comms.serializers.DRY_RUN_STATES",
        "DeliveryStateEnum": "comms.serializers.DELIVERY_STATES",
        "ReviewedStateEnum": "core.reviewed.api.STATES",
        "CarrierStatusEnum": "templates_mgmt.filing.api.STATUSES",
        "IncidentStateEnum": "crisis.incidents.api.STATES",
        "IncidentListStateEnum": "crisis.incidents.api.FILTERS",
        "IncidentNatureEnum": "crisis.incidents.api.NATURES",
        "IncidentEntryKindEnum": "crisis.incidents.api.ENTRY_KINDS",
        "IncidentMomentEnum": "crisis.incidents.api.MOMENTS",
        "InvestorStatusEnum": "investors.models.Investor.Status",
        "StatementKindEnum": "crisis.statements.api.KINDS",
        "StatementPhaseEnum": "crisis.statements.api.PHASES",
        "StatementPlaceEnum": "crisis.statements.api.PLACES",
        "StatementStateEnum": "crisis.statements.api.STATES",
        "DrillKindEnum": "crisis.drills.api.KINDS",
        "DrillStateEnum": "crisis.drills.api.STATES",
        "RiskKindEnum": "crisis.risks.api.KINDS",
        "RiskStateEnum": "crisis.risks.api.STATES",
        "RiskStageEnum": "crisis.risks.api.STAGES",
        "RiskLevelEnum": "crisis.risks.api.LEVELS",
        "LinkEndEnum": "crisis.risks.api.ENDS",
        "WordSeverityEnum": "templates_mgmt.lexicon.api.SEVERITIES",
        "VersionStateEnum": "templates_mgmt.serializers.STATES",
        "LanguageEnum": "templates_mgmt.serializers.LANGUAGES",
        "InvestorLanguageEnum": "investors.models.Investor.Language",
    },
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "core.openapi.document_problems",
    ],
}

# Keys, log and files of the ledger.
KEY_DIR = Path(env.text("VOUCHSAFE_KEY_DIR", str(VAR_DIR / "keys")))
# Address or class of a key management service (docs/erasure.md).
KMS = env.text("VOUCHSAFE_KMS", "")
KMS_TOKEN = env.text("VOUCHSAFE_KMS_TOKEN", "")
LEDGER_ORIGIN = env.text("VOUCHSAFE_LEDGER_ORIGIN", "vouchsafe.example/ledger")
LEDGER_DIR = Path(env.text("VOUCHSAFE_LEDGER_DIR", str(VAR_DIR / "ledger")))
LEDGER_BATCH = 16_384
# Outsiders: each witness "verifier-key URL" (without a URL: trusted, not asked any more).
LEDGER_WITNESSES = env.words("VOUCHSAFE_LEDGER_WITNESSES")
LEDGER_WITNESS_QUORUM = int(env.text("VOUCHSAFE_LEDGER_WITNESS_QUORUM", "0"))
LEDGER_TSA_URL = env.text("VOUCHSAFE_LEDGER_TSA_URL")
LEDGER_TSA_ROOTS = env.text("VOUCHSAFE_LEDGER_TSA_ROOTS")  # a PEM file
LEDGER_TSA_MINUTES = int(env.text("VOUCHSAFE_LEDGER_TSA_MINUTES", "60"))
LEDGER_VERIFY_AT = env.text("VOUCHSAFE_LEDGER_VERIFY_AT", "18:30")  # UTC: night in China
LEDGER_INTERVAL = 0.5  # seconds between the sequencer's looks at an empty queue
IMPORT_DIR = Path(env.text("VOUCHSAFE_IMPORT_DIR", str(VAR_DIR / "imports")))
IMPORT_KEPT_DAYS = int(env.text("VOUCHSAFE_IMPORT_KEPT_DAYS", "7"))  # uploads nobody imports
IMPORT_REJECTIONS_DAYS = int(env.text("VOUCHSAFE_IMPORT_REJECTIONS_DAYS", "90"))
INCIDENT_DIR = Path(env.text("VOUCHSAFE_INCIDENT_DIR", str(VAR_DIR / "incidents")))
EXPORT_DIR = Path(env.text("VOUCHSAFE_EXPORT_DIR", str(VAR_DIR / "exports")))
EXPORT_DAYS = int(env.text("VOUCHSAFE_EXPORT_DAYS", "30"))  # a ready export's files stay so long

# Where the daily crisis pack is written in the clear besides (a drive, a share); empty: nowhere.
PACK_DIR = env.text("VOUCHSAFE_PACK_DIR")

# Channels: providers per channel, in order of preference (docs/operations.md).
SMTP_URL = env.text("SMTP_URL", "smtp://127.0.0.1:2525")
SMS_URL = env.text("SMS_URL", "http://127.0.0.1:2526/v1/messages")
LOCAL_WITNESS_URL = env.text("VOUCHSAFE_LOCAL_WITNESS_URL", "http://127.0.0.1:2527")
LOCAL_AUTHORITY_URL = env.text("VOUCHSAFE_LOCAL_AUTHORITY_URL", "http://127.0.0.1:2528")
SMS_SECRET = env.text("SMS_SECRET", "" if PRODUCTION else "local-gateway")
MAIL_EVENTS_SECRET = env.text("MAIL_EVENTS_SECRET", "" if PRODUCTION else "local-mail-server")
MAIL_FROM = env.text("MAIL_FROM", "Vouchsafe Securities <notices@vouchsafe.example>")
MAIL_DOMAIN = env.text("MAIL_DOMAIN", "vouchsafe.example")
CHANNEL_PROVIDERS = {
    "email": [{"name": "smtp", "kind": "smtp", "url": SMTP_URL, "secret": MAIL_EVENTS_SECRET}],
    "sms": [{"name": "gateway", "kind": "http-sms", "url": SMS_URL, "secret": SMS_SECRET}],
    "inbox": [{"name": "inbox", "kind": "inbox"}],
}

# Outside monitors that may report measures: "name=secret" each (docs/crisis-activation.md).
_MONITORS = env.words("VOUCHSAFE_MONITORS", "" if PRODUCTION else "local=local-monitor")
MONITOR_SECRETS = dict(word.split("=", 1) for word in _MONITORS)

SEND_LEASE = int(env.text("VOUCHSAFE_SEND_LEASE", "120"))  # seconds a worker may hold a batch

# Investors up to whom a dry run is made within the request; beyond, a worker makes it.
DRY_RUN_AT_ONCE = int(env.text("VOUCHSAFE_DRY_RUN_AT_ONCE", "2000"))

# Celery: the filesystem transport in the embedded default, RabbitMQ or Redis by URL.
CELERY_BROKER_URL = env.text("CELERY_BROKER_URL", "filesystem://")
_BROKER_DIR = VAR_DIR / "broker"
if CELERY_BROKER_URL.startswith("filesystem"):
    for _name in ("queue", "processed", "control"):
        (_BROKER_DIR / _name).mkdir(parents=True, exist_ok=True)
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "data_folder_in": str(_BROKER_DIR / "queue"),
        "data_folder_out": str(_BROKER_DIR / "queue"),
        "processed_folder": str(_BROKER_DIR / "processed"),
        "control_folder": str(_BROKER_DIR / "control"),
        "store_processed": False,
        "polling_interval": 0.2,
    }
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TIMEZONE = "UTC"
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BEAT_SCHEDULE_FILENAME = str(VAR_DIR / "beat-schedule")
CELERY_BEAT_SCHEDULE = {
    "watch-clocks": {
        "task": "crisis.clocks.tasks.watch",
        "schedule": 5.0,
        "options": {"expires": 10},
    },
    "sweep-deliveries": {"task": "comms.tasks.sweep", "schedule": 2.0},
    "compact-tallies": {"task": "comms.tasks.compact_tallies", "schedule": 60.0},
    "build-waiting-exports": {"task": "audit.tasks.sweep", "schedule": 15.0},
    "sweep-uploads": {"task": "investors.tasks.sweep_uploads", "schedule": 3600.0},
    "expire-exports": {"task": "audit.tasks.expire_exports", "schedule": 600.0},
    # What waited too long is dropped: the next one asks about a newer checkpoint.
    "ask-witnesses": {
        "task": "audit.tasks.ask_witnesses",
        "schedule": 5.0,
        "options": {"expires": 10},
    },
    "ask-time-stamp": {
        "task": "audit.tasks.ask_time_stamp",
        "schedule": 30.0,
        "options": {"expires": 60},
    },
    "make-partitions": {
        "task": "audit.browsing.tasks.make_partitions",
        "schedule": env.daily("17:00"),
    },
    "propose-due": {
        "task": "audit.retention.tasks.propose_nightly",
        "schedule": env.daily("17:30"),  # UTC: night in China
    },
    "look-at-review-dates": {
        "task": "templates_mgmt.filing.tasks.look_at_dates",
        "schedule": env.daily("18:00"),
    },
    "mail-overdue-reviews": {
        "task": "comms.tasks.remind_reviewers",
        "schedule": env.daily("00:30"),  # half past eight in China
    },
    "expire-unsaved-words": {
        "task": "templates_mgmt.tasks.expire_unsaved_words",
        "schedule": env.daily("18:30"),
    },
    "make-crisis-pack": {"task": "crisis.pack.tasks.make", "schedule": env.daily("21:00")},
    "read-indicators": {
        "task": "crisis.indicators.tasks.read",
        "schedule": env.daily("19:30"),
    },
    "chase-actions": {
        "task": "crisis.learning.tasks.chase",
        "schedule": env.daily("18:20"),
    },
    "expire-acceptances": {
        "task": "crisis.risks.tasks.expire_acceptances",
        "schedule": 900.0,
    },
    "remind-of-parties": {
        "task": "crisis.parties.tasks.remind",
        "schedule": env.daily("18:15"),
    },
    "resume-shredding": {"task": "audit.retention.tasks.resume", "schedule": 600.0},
    "call-out": {"task": "crisis.escalation.tasks.tick", "schedule": 5.0},
    "watch-measures": {"task": "crisis.criteria.tasks.look", "schedule": 60.0},
    "verify-ledger": {
        "task": "audit.tasks.verify_nightly",
        "schedule": env.daily(LEDGER_VERIFY_AT),
    },
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name} {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    # The filesystem transport has no host; kombu would say so at every connection.
    "loggers": {"kombu.connection": {"level": "ERROR"}},
    "root": {"handlers": ["console"], "level": env.text("LOG_LEVEL", "WARNING")},
}
