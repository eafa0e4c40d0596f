"""Every setting of the service: a default that runs, read from the environment or `.env` once, here.

The site itself is below; what people may bring is in limits.py, where files are kept in files.py, engines of speech in
speech.py, the queue and the engine that converts in work.py, whose pages may call the API in origins.py.
"""

from voiceproject.logs import log_everything
from voiceproject.settings.files import *
from voiceproject.settings.limits import *
from voiceproject.settings.origins import *
from voiceproject.settings.place import *
from voiceproject.settings.speech import *
from voiceproject.settings.work import *

DEBUG = env.bool("DEBUG", False)
TRUST_PROXY = env.bool("TRUST_PROXY", False)
SECRET_KEY = env.str("SECRET_KEY", "")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
ONLY_LOOPBACK = set(ALLOWED_HOSTS) <= {"localhost", "127.0.0.1", "[::1]"}
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
ADMIN_PATH = env.route("ADMIN_PATH", "admin/")

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.forms",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django_q",
    "corsheaders",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "voiceproject",
    "jobs",
    "webhooks",
    "models_app",
    "conversions",
    "tts",
    "accounts",
    "clients",
    "studio",
    "monitoring",
]

MIDDLEWARE = [
    "voiceproject.middleware.RequestId",
    "voiceproject.middleware.SecurityHeaders",
    "voiceproject.middleware.Alive",
    # Around all that may refuse a request: a page of another site reads why, too.
    "corsheaders.middleware.CorsMiddleware",
    "voiceproject.charset.RefuseCharset",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "voiceproject.polling.Unchanged",
    "voiceproject.middleware.UploadNotTaken",
    "voiceproject.middleware.StorageTrouble",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "voiceproject.languages.Language",
    "django.contrib.messages.middleware.MessageMiddleware",
    "voiceproject.passwords.OwnPasswordFirst",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "voiceproject.urls"
WSGI_APPLICATION = "voiceproject.wsgi.application"

FORM_RENDERER = "django.forms.renderers.TemplatesSetting"  # so that errors of fields are rendered by a template of ours
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
                "voiceproject.languages.looks",
            ],
        },
    },
]

DATABASES = {"default": env.database("DATABASE_URL", f"sqlite:///{VAR_DIR / 'db.sqlite3'}")}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # Writers wait their turn instead of failing: BEGIN IMMEDIATE takes the write lock at once, WAL lets readers go on.
    DATABASES["default"]["OPTIONS"] = {
        "timeout": 20,
        "transaction_mode": "IMMEDIATE",
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    }
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

CACHES = {"default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "cache"}}
if REDIS_URL:
    CACHES["database"] = CACHES["default"]
    CACHES["default"] = {"BACKEND": "voiceproject.cache.SharedCache", "LOCATION": REDIS_URL}

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
    {"NAME": "voiceproject.passwords.AnotherPassword"},
]
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "studio:home"
LOGOUT_REDIRECT_URL = "login"

LANGUAGE_CODE = "en"
LANGUAGES = [("de", "Deutsch"), ("en", "English"), ("es", "Español"), ("ja", "日本語"), ("zh-hans", "简体中文")]
LOCALE_PATHS = [VAR_DIR / "locale"]  # `manage.py prepare` compiles the catalogues of locale/ into it
FORMAT_MODULE_PATH = "voiceproject.formats"
LANGUAGE_COOKIE_AGE = 365 * 24 * 3600
LANGUAGE_COOKIE_HTTPONLY = True
TIME_ZONE = env.zone("TIME_ZONE", "UTC")
USE_I18N = True
USE_TZ = True

STATIC_URL = "static/"
STATIC_ROOT = VAR_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
FILE_UPLOAD_HANDLERS = ["voiceproject.uploads.LimitedUpload", "voiceproject.uploads.UploadToDisk"]
FILE_UPLOAD_PERMISSIONS = 0o600
FILE_UPLOAD_DIRECTORY_PERMISSIONS = 0o700
DATA_UPLOAD_MAX_NUMBER_FILES = max(4, BATCH_FILES + 1)  # one too many is answered with the limit
DATA_UPLOAD_MAX_NUMBER_FIELDS = 500  # the administration sends one field for each row that is ticked

# How often a minute one person may ask the API, by scope; 0: any number, and uncounted, which saves a write for each.
API_A_MINUTE = {"read": env.int("API_READS_A_MINUTE", 0), "convert": env.int("API_CONVERSIONS_A_MINUTE", 300)}
API_A_MINUTE |= {"voices": env.int("API_VOICES_A_MINUTE", 60), "admin": env.int("API_ADMIN_A_MINUTE", 60)}
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "accounts.tokens.authentication.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_THROTTLE_CLASSES": ["accounts.tokens.throttle.ScopeThrottle"],
    "DEFAULT_PARSER_CLASSES": [
        "voiceproject.parsers.JSONParser",
        "rest_framework.parsers.FormParser",
        "rest_framework.parsers.MultiPartParser",
    ],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_SCHEMA_CLASS": "voiceproject.schema.Schema",
    "ALLOWED_VERSIONS": [VERSION],  # `?version=` of the schema goes into a header
    "EXCEPTION_HANDLER": "voiceproject.errors.handle",
    "NUM_PROXIES": 1 if TRUST_PROXY else 0,  # whose X-Forwarded-For tells the throttle of logins who asks
    "TEST_REQUEST_DEFAULT_FORMAT": "multipart",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Voiceproject",
    "VERSION": VERSION,
    "OAS_VERSION": "3.1.0",
    "SWAGGER_UI_DIST": "SIDECAR",
    "SERVE_INCLUDE_SCHEMA": False,
    "ENFORCE_NON_BLANK_FIELDS": True,
    "ENUM_NAME_OVERRIDES": {
        "StateEnum": "jobs.models.State",
        "VoiceStateEnum": "models_app.models.VoiceState",
        "ConversionKindEnum": "conversions.models.Kind",
    },
}

# Behind TLS set HTTPS=true: secure cookies, HSTS, redirect. On loopback nobody listens in, and there is no certificate:
# so long as every allowed host is loopback the four checks that ask for TLS are silent, and only then.
HTTPS = env.bool("HTTPS", False)
SILENCED_SYSTEM_CHECKS = [f"security.{number}" for number in ("W004", "W008", "W012", "W016") if ONLY_LOOPBACK]
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = SECURE_SSL_REDIRECT = HTTPS
LANGUAGE_COOKIE_SAMESITE = "Lax"
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
SECURE_REDIRECT_EXEMPT = [r"^readyz$", r"^metrics$"]  # asked from inside, past the proxy that speaks TLS
if TRUST_PROXY:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
X_FRAME_OPTIONS = "DENY"

# Whoever knows it may read /metrics and the sentences of /readyz, besides staff; empty: staff alone.
METRICS_TOKEN = env.str("METRICS_TOKEN", "")

LOG_LEVEL = env.level("LOG_LEVEL", "INFO")
LOG_FORMAT = env.choice("LOG_FORMAT", ("line", "json"))
LOGGING = log_everything(LOG_LEVEL, LOG_FORMAT, env.level("QUEUE_LOG_LEVEL", "WARNING"))
