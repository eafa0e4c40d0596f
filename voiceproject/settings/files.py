"""Where the files of people are kept."""

from voiceproject.settings.place import VAR_DIR, env

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
