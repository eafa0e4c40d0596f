"""OpenAI's error body, from which its clients make exceptions with names."""

from typing import Any

PARAMS = {"text": "input", "rate": "speed", "engines": "model"}
TYPES = {401: "authentication_error", 403: "permission_error", 429: "rate_limit_error"}
CODES = {"not_signed_in": "invalid_api_key", "slow_down": "rate_limit_exceeded"}


def fault(status: int, code: str, message: str, field: str | None) -> tuple[int, dict[str, Any]]:
    if (code, field) == ("not_found", "voice"):
        status, code = 404, "voice_not_found"
    elif status == 422 and field:
        status = 400  # what OpenAI answers where the input is to be another
    kind = TYPES.get(status, "server_error" if status >= 500 else "invalid_request_error")
    param = PARAMS.get(field or "", field)
    return status, {"error": {"message": message, "type": kind, "param": param, "code": CODES.get(code, code)}}
