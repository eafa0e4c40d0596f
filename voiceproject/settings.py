"""Every setting of the service: a default that runs, read from the environment or `.env` once, here."""

import os
from pathlib import Path
from typing import Any

from voiceproject.environment import Environment
from voiceproject.logs import log_everything

BASE_DIR = Path(__file__).resolve().parent.parent
env = Environment()
Environment.read_env(os.environ.get("ENV_FILE", BASE_DIR / ".env"))

# Where everything is written: database, files of people, pretrained files, caches, logs.
VAR_DIR = Path(env.str("VAR_DIR", str(BASE_DIR / "var"))).resolve()
FILE_UPLOAD_TEMP_DIR = VAR_DIR / "uploads"  # on the disk where uploads end up anyway
try:
    FILE_UPLOAD_TEMP_DIR.mkdir(parents=True, exist_ok=True)
except OSError as error:
    raise SystemExit(
        f"VAR_DIR {VAR_DIR} cannot be used ({error.strerror}): make it writable, or set another."
    ) from None

VERSION = "0.1.0"
DEBUG = env.bool("DEBUG", False)
TRUST_PROXY = env.bool("TRUST_PROXY", False)
SECRET_KEY = env.str("SECRET_KEY", "")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
ONLY_LOOPBACK = set(ALLOWED_HOSTS) <= {"localhost", "127.0.0.1", "[::1]"}
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
ADMIN_PATH = env.str("ADMIN_PATH", "admin/")

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django_q",
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
    "monitoring",
]

MIDDLEWARE = [
    "voiceproject.middleware.RequestId",
    "voiceproject.middleware.SecurityHeaders",
    "voiceproject.middleware.Alive",
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
    "django.contrib.messages.middleware.MessageMiddleware",
    "voiceproject.passwords.OwnPasswordFirst",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "voiceproject.urls"
WSGI_APPLICATION = "voiceproject.wsgi.application"

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
            ],
        },
    },
]

DATABASES = {"default": env.db("DATABASE_URL", default=f"sqlite:///{VAR_DIR / 'db.sqlite3'}")}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # Writers wait their turn instead of failing: BEGIN IMMEDIATE takes the write lock at once, WAL lets readers go on.
    DATABASES["default"]["OPTIONS"] = {
        "timeout": 20,
        "transaction_mode": "IMMEDIATE",
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    }
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

CACHES = {"default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "cache"}}
REDIS_URL = env.str("REDIS_URL", "")  # carries hints and counts tries; nothing is lost with it
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
LOGIN_REDIRECT_URL = "conversions:list"
LOGOUT_REDIRECT_URL = "login"

LANGUAGE_CODE = "en"
TIME_ZONE = env.str("TIME_ZONE", "UTC")
USE_I18N = True
USE_TZ = True

STATIC_URL = "static/"
STATIC_ROOT = VAR_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    # Files of people. No URL leads here: they leave through one view that asks the row who may see them.
    "default": {"BACKEND": "voiceproject.storage.WholeFiles", "OPTIONS": {"location": VAR_DIR / "files"}},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
# Several machines share the files of people in a bucket; each keeps copies of those that have to be mapped.
STORAGE_BUCKET = env.str("STORAGE_BUCKET", "")
if STORAGE_BUCKET:
    STORAGES["default"] = {
        "BACKEND": "voiceproject.objects.Objects",
        "OPTIONS": {
            "bucket_name": STORAGE_BUCKET,
            "endpoint_url": env.str("STORAGE_ENDPOINT", "") or None,
            "region_name": env.str("STORAGE_REGION", "") or None,
            # Empty: where boto3 looks by itself, which is the environment, ~/.aws and the role of the machine.
            "access_key": env.str("STORAGE_KEY", "") or None,
            "secret_key": env.str("STORAGE_SECRET", "") or None,
            "addressing_style": env.choice("STORAGE_ADDRESSING", ("auto", "path", "virtual")),
            "location": env.str("STORAGE_PREFIX", ""),
        },
    }
FILE_CACHE_DIR = VAR_DIR / "cache" / "files"
FILE_CACHE_MB = env.int("FILE_CACHE_MB", 10240)

# Limits on what people bring.
MAX_RECORDING_MB = env.int("MAX_RECORDING_MB", 100)
MAX_RECORDING_SECONDS = env.int("MAX_RECORDING_SECONDS", 600)
SPEECH_CHARACTERS = env.int("SPEECH_CHARACTERS", 5000)  # of one text
SPEECH_WAIT_SECONDS = env.int("SPEECH_WAIT_SECONDS", 60)  # whoever asks for it may wait so long for the sound itself
CLIENT_VOICES = env.list("CLIENT_VOICES", default=[])  # names that programs know: alloy=NAME OF A VOICE
MAX_VOICE_MB = env.int("MAX_VOICE_MB", 1024)
MAX_COVER_MB = env.int("MAX_COVER_MB", 8)
BATCH_FILES = env.int("BATCH_FILES", 500)  # recordings in one batch
BATCH_MB = env.int("BATCH_MB", 2048)  # all of them together, packed and unpacked
KEEP_UPLOADS = env.bool("KEEP_UPLOADS", False)  # voices as they were uploaded, beside what was made of them
REQUIRE_CONSENT = env.bool("REQUIRE_CONSENT", False)  # nobody adds a voice without saying why they may

# Import of voices from addresses. Off until the operator says otherwise; the list is the model hub and its storage.
IMPORT_FROM_ADDRESSES = env.bool("IMPORT_FROM_ADDRESSES", False)
IMPORT_HOSTS = env.list("IMPORT_HOSTS", default=["huggingface.co", "*.huggingface.co", "*.hf.co"])
IMPORT_ALLOW_HTTP = env.bool("IMPORT_ALLOW_HTTP", False)
IMPORT_SECONDS = env.int("IMPORT_SECONDS", 900)  # for everything that one import fetches
IMPORT_CONNECT_SECONDS = 10.0
IMPORT_SILENT_SECONDS = 30.0

# Messages to addresses of people when a job of theirs has ended. A try that fails is repeated, later each time.
WEBHOOKS = env.bool("WEBHOOKS", False)
WEBHOOK_TRIES = 6
WEBHOOK_FIRST_WAIT_SECONDS = 30  # then four times as long each time: 30 s, 2 min, 8 min, 32 min, 2 h
WEBHOOK_MOST_FAILURES = 30  # so many in a row turn an address off

# Engines of speech, in the order in which they are offered; each says itself what it lacks. docs/speech.md has them.
TTS_ENGINES = env.list("TTS_ENGINES", default=["pyttsx3", "piper", "kokoro", "gtts", "openai", "azure"])
TTS_LANGUAGE = env.str("TTS_LANGUAGE", "en")  # of texts of which nothing else is known
PIPER_DIR = Path(env.str("PIPER_DIR", str(VAR_DIR / "piper")))  # voices: NAME.onnx with NAME.onnx.json
KOKORO_DIR = Path(env.str("KOKORO_DIR", str(VAR_DIR / "kokoro")))  # an .onnx, its config.json, voices
TTS_PRIVATE_SERVERS = env.bool("TTS_PRIVATE_SERVERS", False)  # the addresses below may be of this machine's own network
GTTS = env.bool("GTTS", False)  # texts go to Google
OPENAI_SPEECH_KEY = env.str("OPENAI_SPEECH_KEY", "")  # texts go to whoever OPENAI_SPEECH_URL is
OPENAI_SPEECH_URL = env.str("OPENAI_SPEECH_URL", "https://api.openai.com/v1")
OPENAI_SPEECH_MODEL = env.str("OPENAI_SPEECH_MODEL", "gpt-4o-mini-tts")
OPENAI_SPEECH_VOICES = env.list("OPENAI_SPEECH_VOICES", default=[])
AZURE_SPEECH_KEY = env.str("AZURE_SPEECH_KEY", "")  # texts go to Microsoft
AZURE_SPEECH_REGION = env.str("AZURE_SPEECH_REGION", "")
AZURE_SPEECH_URL = env.str("AZURE_SPEECH_URL", "")  # instead of a region

LONG_REQUESTS = env.int("LONG_REQUESTS", 4)  # in each web process, which has 16 threads: who waits, or listens
# What one person may have; 0 is as much as they like.
PERSON_JOBS = env.int("PERSON_JOBS", 200)  # conversions that wait or run
PERSON_MINUTES_A_DAY = env.int("PERSON_MINUTES_A_DAY", 0)  # of sound
PERSON_STORAGE_MB = env.int("PERSON_STORAGE_MB", 0)  # recordings, results and voices

FILE_UPLOAD_HANDLERS = ["voiceproject.uploads.LimitedUpload", "voiceproject.uploads.UploadToDisk"]
FILE_UPLOAD_PERMISSIONS = 0o600
FILE_UPLOAD_DIRECTORY_PERMISSIONS = 0o700
DATA_UPLOAD_MAX_NUMBER_FILES = max(4, BATCH_FILES + 1)  # one too many is answered with the limit
DATA_UPLOAD_MAX_NUMBER_FIELDS = 500  # the administration sends one field for each row that is ticked

# The conversion engine.
ASSETS_DIR = Path(env.str("ASSETS_DIR", str(VAR_DIR / "assets")))
ASSETS_BASE_URL = env.str("ASSETS_BASE_URL", "")  # a mirror of the model hub; empty: the hub itself
FEATURE_CACHE_DIR = VAR_DIR / "cache" / "features"
FEATURE_CACHE_MB = env.int("FEATURE_CACHE_MB", 2048)
RVC_DEVICE = env.device("RVC_DEVICE")
RVC_THREADS = env.int("RVC_THREADS", 0)  # 0: as many as the machine has cores, divided by the workers
RVC_MEMORY_MB = env.int("RVC_MEMORY_MB", 3072)

# Jobs. The row is the truth; the queue carries hints. See jobs/models.py.
WORKERS = env.int("WORKERS", 1)
IMPORT_WORKERS = env.int("IMPORT_WORKERS", 1)  # they wait for other servers: no conversion waits behind them
CONVERSION_QUEUE = env.str("CONVERSION_QUEUE", "cpu")  # gpu: where machines with and without one work side by side
WORKER_QUEUES = env.list("WORKER_QUEUES", default=[]) or sorted({"cpu", "import", CONVERSION_QUEUE})
JOB_LEASE_SECONDS = env.int("JOB_LEASE_SECONDS", 15)
JOB_BEAT_SECONDS = 1.0  # how often a worker renews its lease, writes its progress and hears of a cancel
JOB_TICK_SECONDS = 2.0  # how often the supervisor looks after its cluster and all leases
JOB_HINT_SECONDS = 10  # a waiting job of which the queue has not heard for so long gets another hint
JOB_STALL_SECONDS = 30  # work is due, a worker is free, and nothing was claimed for so long: start the cluster anew
JOB_MAX_ATTEMPTS = env.int("JOB_MAX_ATTEMPTS", 3)
JOB_PUT_OFF_TIMES = 12  # while the storage is away: 5 s, 10 s, ... 10 min, about an hour in all
JOB_TIMEOUT_SECONDS = env.int("JOB_TIMEOUT_SECONDS", 3600)
RETENTION_DAYS = env.int("RETENTION_DAYS", 0)  # conversions whose owner wishes nothing else; 0: they stay
FORGET_MINUTES = env.int("FORGET_MINUTES", 10)  # how often the supervisor has those deleted whose time is over
JOB_EVENT_DAYS = env.int("JOB_EVENT_DAYS", 30)  # how long is told what happened to each job; 0: for good
# Who does the work of a conversion: one for each place that its recording may come from.
CONVERSION_TASKS = {"recording": "conversions.tasks.convert", "speech": "tts.tasks.speak"}
STREAM_WAIT_SECONDS = 300  # whoever listens to a conversion while it is made waits so long for its next piece
# Called with a job and its new state, in the transaction that changes it.
JOB_LISTENERS = ["webhooks.telling.tell", "conversions.batches.ending.note"]
SWEEP_MINUTES = env.int("SWEEP_MINUTES", 60)  # how often the supervisor has files removed that belong to nothing
Q_CLUSTER: dict[str, Any] = {
    "name": "voiceproject",
    "orm": "default",
    "broker_class": "jobs.hints.RedisHints" if REDIS_URL else None,
    "workers": WORKERS,
    "queue_limit": WORKERS,
    "bulk": 1,
    "poll": 0.5,
    "timeout": JOB_TIMEOUT_SECONDS,
    "retry": JOB_TIMEOUT_SECONDS * 4,
    "ack_failures": True,
    "max_attempts": 1,
    "save_limit": -1,
    "catch_up": False,
    "scheduler": False,
    "recycle": 1000,
    "ALT_CLUSTERS": {},  # one for each queue, all alike; jobs/queues.py names them
}

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
    "ENUM_NAME_OVERRIDES": {"StateEnum": "jobs.models.State", "VoiceStateEnum": "models_app.models.VoiceState"},
}

# Behind TLS set HTTPS=true: secure cookies, HSTS, redirect. On loopback nobody listens in, and there is no certificate:
# so long as every allowed host is loopback the four checks that ask for TLS are silent, and only then.
HTTPS = env.bool("HTTPS", False)
SILENCED_SYSTEM_CHECKS = [f"security.{number}" for number in ("W004", "W008", "W012", "W016") if ONLY_LOOPBACK]
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = HTTPS
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
SECURE_REDIRECT_EXEMPT = [r"^readyz$", r"^metrics$"]  # asked from inside, past the proxy that speaks TLS
if TRUST_PROXY:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
X_FRAME_OPTIONS = "DENY"

# Whoever knows it may read /metrics and the sentences of /readyz, besides staff; empty: staff alone.
METRICS_TOKEN = env.str("METRICS_TOKEN", "")

LOG_LEVEL = env.str("LOG_LEVEL", "INFO").upper()
LOG_FORMAT = env.choice("LOG_FORMAT", ("line", "json"))
LOGGING = log_everything(LOG_LEVEL, LOG_FORMAT, env.str("QUEUE_LOG_LEVEL", "WARNING").upper())
