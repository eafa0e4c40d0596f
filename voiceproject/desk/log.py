"""What staff did with what is other people's: a line in Django's own log for each thing that Django does not write."""

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db.models import Model, TextChoices
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django.contrib.auth.models import User

    from voiceproject.pages import PersonRequest

FROM_THE_START = re.compile(r"bytes=0-\d*")


class Act(TextChoices):
    """The first word of a line says what was done. It is kept in English, as Django keeps its own."""

    LISTENED = "Listened", _("listened")
    EXPORTED = "Exported", _("exported")
    CANCELLED = "Cancelled", _("cancelled")
    RETRIED = "Retried", _("tried again")
    DID = "Did", _("did something else")


def note(request: HttpRequest, act: Act, rows: Iterable[Model], words: str = "") -> None:
    """One line for each of these rows."""
    if known := list(rows):
        message = f"{act.value}: {words}" if words else act.value
        LogEntry.objects.log_actions(_person(request).pk, known, CHANGE, change_message=message)


def note_export(request: HttpRequest, model: type[Model], words: str) -> None:
    """One line for all rows of an export: what was among them changes, and there may be very many."""
    LogEntry.objects.create(
        user=_person(request),
        content_type=ContentType.objects.get_for_model(model, for_concrete_model=False),
        object_repr=str(model._meta.verbose_name_plural),
        action_flag=CHANGE,
        change_message=f"{Act.EXPORTED.value}: {words}",
    )


def note_listening(request: "PersonRequest | HttpRequest", row: Any, words: str) -> None:
    """Staff hear what another person said. A player asks for one sound in many parts: the first is noted."""
    begins = FROM_THE_START.fullmatch(request.headers.get("Range", "bytes=0-"))
    if request.method == "GET" and begins and row.owner_id != request.user.pk:
        note(request, Act.LISTENED, [row], words)


def _person(request: HttpRequest) -> "User":
    user: User = request.user  # type: ignore[assignment]
    return user
