"""Where the settings come from, and where everything is written."""

import os
from pathlib import Path

from voiceproject.environment import Environment

BASE_DIR = Path(__file__).resolve().parent.parent.parent
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
