"""What people may bring, have and ask for."""

from voiceproject.settings.place import env

# Limits on what people bring.
MAX_RECORDING_MB = env.int("MAX_RECORDING_MB", 100)
MAX_RECORDING_SECONDS = env.int("MAX_RECORDING_SECONDS", 600)
CLIENT_VOICES = env.list("CLIENT_VOICES", default=[])  # names that programs know: alloy=NAME OF A VOICE
MAX_VOICE_MB = env.int("MAX_VOICE_MB", 1024)
MAX_COVER_MB = env.int("MAX_COVER_MB", 8)
BATCH_FILES = env.int("BATCH_FILES", 500)  # recordings in one batch
BATCH_MB = env.int("BATCH_MB", 2048)  # all of them together, packed and unpacked
KEEP_UPLOADS = env.bool("KEEP_UPLOADS", False)  # voices as they were uploaded, beside what was made of them
REQUIRE_CONSENT = env.bool("REQUIRE_CONSENT", False)  # nobody adds a voice without saying why they may

LONG_REQUESTS = env.int("LONG_REQUESTS", 4)  # in each web process, which has 16 threads: who waits, or listens
# What one person may have; 0 is as much as they like.
PERSON_JOBS = env.int("PERSON_JOBS", 200)  # conversions that wait or run
PERSON_MINUTES_A_DAY = env.int("PERSON_MINUTES_A_DAY", 0)  # of sound
PERSON_STORAGE_MB = env.int("PERSON_STORAGE_MB", 0)  # recordings, results and voices

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
