"""What a token may do: every route of the API by its name, with the scope that each method asks for.

What does not stand here is refused to every token, so that a new route opens to nobody by accident.
"""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Scope(models.TextChoices):
    READ = "read", _("Read: see and hear what you can see and hear")
    CONVERT = "convert", _("Convert: submit, cancel and delete conversions, batches and speeches")
    VOICES = "voices", _("Manage voices: add, import, change, share and delete them")
    ADMIN = "admin", _("Administration: your account, tokens, webhooks, and what staff may do")


SEE = {"GET": Scope.READ}
WORK = {"POST": Scope.CONVERT, "PATCH": Scope.CONVERT, "PUT": Scope.CONVERT, "DELETE": Scope.CONVERT}
KEEP = {"POST": Scope.VOICES, "PATCH": Scope.VOICES, "PUT": Scope.VOICES, "DELETE": Scope.VOICES}
RULE = {"POST": Scope.ADMIN, "PATCH": Scope.ADMIN, "PUT": Scope.ADMIN, "DELETE": Scope.ADMIN}

ROUTES: dict[str, dict[str, Scope]] = {
    "schema": SEE,
    "docs": SEE,
    "usage": SEE,
    "engine-list": SEE,
    "me": SEE | RULE,
    "me-data": SEE | RULE,
    "token-list": {"GET": Scope.ADMIN, "POST": Scope.ADMIN},
    "token-detail": {"GET": Scope.ADMIN, "DELETE": Scope.ADMIN},
    "webhook-list": SEE | RULE,
    "webhook-detail": SEE | RULE,
    "webhook-on": RULE,
    "webhook-deliveries": SEE,
    "asset-list": SEE,
    "asset-fetch": RULE,
    "voice-list": SEE | KEEP,
    "voice-detail": SEE | KEEP,
    "voice-blend": KEEP,
    "voice-check": KEEP,
    "voice-favourite": WORK,
    "voice-cover": SEE | KEEP,
    "voice-events": SEE,
    "voice-preview": SEE,
    "voice-index-file": KEEP,
    "voice-index": SEE,
    "voice-onnx": SEE,
    "voice-pth": SEE,
    "voice-safetensors": SEE,
    "import-list": SEE | KEEP,
    "import-detail": SEE | KEEP,
    "import-cancel": KEEP,
    "import-retry": KEEP,
    "conversion-list": SEE | WORK,
    "conversion-detail": SEE | WORK,
    "conversion-again": WORK,
    "conversion-cancel": WORK,
    "conversion-retry": WORK,
    "conversion-source": SEE,
    "conversion-picture": SEE,
    "conversion-result": SEE,
    "conversion-stream": SEE,
    "conversion-events": SEE,
    "link-list": SEE | WORK,
    "link-detail": SEE | WORK,
    "sweep-list": SEE | WORK,
    "sweep-detail": SEE | WORK,
    "sweep-cancel": WORK,
    "sweep-cell": SEE,
    "preset-list": SEE | WORK,
    "preset-detail": SEE | WORK,
    "batch-list": SEE | WORK,
    "batch-detail": SEE | WORK,
    "batch-files": WORK,
    "batch-cancel": WORK,
    "batch-retry": WORK,
    "batch-zip": SEE,
    "upload-list": SEE | WORK,
    "upload-detail": SEE | WORK,
    "process": WORK,
    "download": SEE,
    "speech-list": SEE | WORK,
    "speech-detail": SEE | WORK,
    "speech-documents": WORK,
    "text-to-speech": WORK,
    "client-speech": WORK,
    "client-models": SEE,
    "client-model": SEE,
    "eleven-text": WORK,
    "eleven-recording": WORK,
    "eleven-voices": SEE,
    "eleven-add": KEEP,
    "eleven-settings": SEE,
    "eleven-voice": SEE | KEEP,
    "eleven-history": SEE,
    "eleven-item": SEE | WORK,
    "eleven-sound": SEE,
    "eleven-user": SEE,
}


def scope_for(route: str, method: str) -> Scope | None:
    """The scope that a method asks for at a route, by its name; None: no token may."""
    asked = "GET" if method in ("HEAD", "OPTIONS") else method
    methods = ROUTES.get(route, {})
    if method == "OPTIONS" and methods:
        return Scope.READ
    return methods.get(asked)
