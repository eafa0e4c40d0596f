"""How a message proves where it comes from: the headers and the signature of the Standard Webhooks specification."""

import base64
import hashlib
import hmac
import secrets

PREFIX = "whsec_"
KEY_BYTES = 24


def new_secret() -> str:
    return PREFIX + base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode()


def signed(secret: str, message: str, timestamp: int, body: bytes) -> dict[str, str]:
    """The headers of one message. timestamp: seconds since 1970, of this try; `message` is the same in every try."""
    key = base64.b64decode(secret.removeprefix(PREFIX))
    content = f"{message}.{timestamp}.".encode() + body
    digest = base64.b64encode(hmac.digest(key, content, hashlib.sha256)).decode()
    return {
        "Content-Type": "application/json",
        "webhook-id": message,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": f"v1,{digest}",
    }
