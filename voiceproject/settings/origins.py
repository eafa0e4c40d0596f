"""Which pages of other sites may call the API from a browser: none, until they are listed."""

from voiceproject.settings.place import env

CORS_ORIGINS = env.list("CORS_ORIGINS", default=[])

# A page signs in with a token of its own. Cookies of this site never count: CORS_ALLOW_CREDENTIALS stays off.
CORS_ALLOWED_ORIGINS = [origin.strip() for origin in CORS_ORIGINS]
CORS_PATHS = r"^/(api|v1|v2)/"
CORS_URLS_REGEX = CORS_PATHS if CORS_ORIGINS else r"(?!)"  # nowhere: not even a preflight is answered
CORS_PREFLIGHT_MAX_AGE = 600  # seconds for which a browser need not ask again
CORS_ALLOW_HEADERS = [
    "accept", "authorization", "content-type", "idempotency-key", "if-match", "if-none-match", "if-range",
    "last-event-id", "prefer", "range", "user-agent", "x-requested-with", "xi-api-key",
]  # fmt: skip
# What the libraries of OpenAI and ElevenLabs for JavaScript say of themselves in every request.
CORS_ALLOW_HEADERS += ["openai-organization", "openai-project"]
CORS_ALLOW_HEADERS += [
    f"x-stainless-{what}"
    for what in (
        "arch", "custom-poll-interval", "helper-method", "lang", "os", "package-version", "poll-helper", "retry-count",
        "runtime", "runtime-version", "timeout",
    )
]  # fmt: skip
CORS_ALLOW_HEADERS += [
    f"x-fern-{what}" for what in ("language", "runtime", "runtime-version", "sdk-name", "sdk-version")
]
CORS_EXPOSE_HEADERS = [
    "Accept-Ranges", "Content-Disposition", "Content-Length", "Content-Range", "ETag", "history-item-id",
    "Idempotent-Replayed", "Location", "Retry-After", "X-Request-ID", "x-should-retry",
]  # fmt: skip
