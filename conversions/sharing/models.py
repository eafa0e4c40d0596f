"""Links to one result. The server keeps their digests: who reads its database cannot follow them."""

import hashlib
import secrets
import uuid
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import OperationalError, models, transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from jobs.models import State
from rvc.errors import RVCError
from voiceproject.files import clean_label

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser, User

    from conversions.models import Conversion

DAYS = (1, 7, 30)
USUAL_DAYS = 7
MOST = 100
"""Links of one person that may work at a time."""
LONGEST_TITLE = 80


class ShareLinkQuerySet(models.QuerySet["ShareLink"]):
    def visible_to(self, user: "User | AnonymousUser") -> Self:
        return self.filter(owner_id=user.pk) if user.pk else self.none()

    def working(self) -> Self:
        """Those that let somebody in now."""
        alive = Q(withdrawn_at=None, expires_at__gt=timezone.now(), owner__is_active=True)
        return self.filter(alive, conversion__state=State.DONE).exclude(conversion__result="")

    def of_secret(self, secret: str) -> "ShareLink | None":
        return self.working().filter(digest=digest_of(secret)).select_related("conversion").first()

    def make(self, conversion: "Conversion", *, title: str = "", days: int = USUAL_DAYS) -> "ShareLink":
        """A new link, whose `secret` nobody can see again. title: what its page is headed by.

        Raises RVCError: `nothing_to_share`, `quota_exceeded`.
        """
        if conversion.state != State.DONE or not conversion.result:
            raise RVCError("nothing_to_share", _("There is no result yet that could be shared."))
        if self.working().filter(owner=conversion.owner).count() >= MOST:
            message = _("%(most)d links of yours work already: withdraw one that you need no more.") % {"most": MOST}
            raise RVCError("quota_exceeded", message)
        secret = secrets.token_urlsafe(24)
        link = self.create(
            conversion=conversion,
            owner=conversion.owner,
            title=clean_label(title, fallback="", limit=LONGEST_TITLE),
            digest=digest_of(secret),
            expires_at=timezone.now() + timedelta(days=days),
        )
        link.secret = secret
        return link


class ShareLink(models.Model):
    """One way in to one result, for whoever has its secret. It goes with the conversion and with its owner."""

    secret = ""
    """What the address ends with, in the moment when it is made; never stored."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    conversion = models.ForeignKey("conversions.Conversion", models.CASCADE, related_name="links", editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="share_links", editable=False)
    title = models.CharField(max_length=LONGEST_TITLE, blank=True, editable=False)
    digest = models.CharField(max_length=64, unique=True, editable=False, help_text="SHA-256 of the secret")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField(editable=False)
    withdrawn_at = models.DateTimeField(null=True, editable=False)
    heard = models.PositiveIntegerField("times heard", default=0, editable=False)
    heard_at = models.DateTimeField("last heard", null=True, editable=False)

    objects = ShareLinkQuerySet.as_manager()

    class Meta:
        ordering = ("-created_at",)
        indexes = (models.Index(fields=("owner", "-created_at"), name="share_link_owner"),)

    def __str__(self) -> str:
        return f"link {self.pk}"

    @property
    def works(self) -> bool:
        return self.withdrawn_at is None and self.expires_at > timezone.now()

    def withdraw(self) -> bool:
        """Let nobody in any more, whoever has the secret; False when it was withdrawn before."""
        with transaction.atomic():
            rows = ShareLink.objects.filter(pk=self.pk, withdrawn_at=None)
            withdrawn = bool(rows.update(withdrawn_at=timezone.now()))
        self.refresh_from_db(fields=["withdrawn_at"])
        return withdrawn

    def note_heard(self) -> None:
        with suppress(OperationalError):  # a disk that is full keeps nobody from listening
            ShareLink.objects.filter(pk=self.pk).update(heard=F("heard") + 1, heard_at=timezone.now())


def digest_of(secret: str) -> str:
    """Secrets have 192 random bits: there is nothing to guess, so a plain hash does."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()
