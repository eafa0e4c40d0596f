"""ElevenLabs' error bodies: one for what is wrong with a field, one for everything else."""

from typing import Any

STATUSES = {
    "not_signed_in": "invalid_api_key",
    "forbidden": "missing_permissions",
    "text_too_long": "max_character_limit_exceeded",
    "slow_down": "too_many_concurrent_requests",
}
FIELDS = {
    "language": "language_code",
    "engines": "model_id",
    "recording": "audio",
    "index_rate": "similarity_boost",
    "loudness_mix": "stability",
    "rate": "speed",
    "checkpoint": "files",
}
"""Our words for what is sent under another name there."""


def fault(status: int, code: str, message: str, field: str | None) -> tuple[int, dict[str, Any]]:
    if code == "not_found" and field == "voice":
        return 404, _told("voice_not_found", message)
    if code == "bad_request" and field:
        place = {"loc": ["body", FIELDS.get(field, field)], "msg": message, "type": "value_error"}
        return 422, {"detail": [place]}
    if status == 409 or (status == 422 and field):
        status = 400  # the client would send it again
    return status, _told(STATUSES.get(code, code), message)


def _told(status: str, message: str) -> dict[str, Any]:
    return {"detail": {"status": status, "message": message}}
