"""The tokens of people. The server keeps their digests: who reads its database cannot use them."""

import hashlib
import secrets
import uuid
from collections.abc import Iterable
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import OperationalError, models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.tokens.scopes import Scope
from rvc.errors import RVCError
from voiceproject.files import clean_label

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser, User

PREFIX = "vp_"
"""What a key begins with, so that programs which look for leaked keys know one."""
BEGINNING = 9
"""Characters of a key that are shown later, to tell it from others: six of its own 43."""
MOST = 50
MOST_OF_SIGN_INS = 20
LONGEST_DAYS = 3650
NOTE_EVERY = timedelta(minutes=1)
SIGN_IN = "Signed in through the API"


class AccessTokenQuerySet(models.QuerySet["AccessToken"]):
    def visible_to(self, user: "User | AnonymousUser") -> Self:
        return self.filter(owner=user) if user.is_authenticated else self.none()

    def usable(self) -> Self:
        alive = Q(expires_at=None) | Q(expires_at__gt=timezone.now())
        return self.filter(alive, owner__is_active=True)

    def of_key(self, key: str) -> "AccessToken | None":
        """The token that this key opens, while it does."""
        return self.usable().filter(digest=digest_of(key)).select_related("owner").first()

    def issue(
        self, user: "User", *, name: str = "", scopes: Iterable[str] = tuple(Scope), days: int | None = None
    ) -> "AccessToken":
        """A new token, whose `key` nobody can see again. days: until it ends; None: never.

        Raises RVCError("quota_exceeded").
        """
        if self.filter(owner=user).count() >= MOST:
            raise RVCError(
                "quota_exceeded", _("You have {most} tokens: revoke one that you need no more.").format(most=MOST)
            )
        key = PREFIX + secrets.token_urlsafe(32)
        token = self.create(
            owner=user,
            name=clean_label(name, fallback="Token")[:80],
            digest=digest_of(key),
            beginning=key[:BEGINNING],
            scopes=[scope.value for scope in Scope if scope in set(scopes)],
            expires_at=None if days is None else timezone.now() + timedelta(days=days),
        )
        token.key = key
        return token

    def sign_in(self, user: "User") -> "AccessToken":
        """A token for somebody who gave name and password; of those that were made so before the last ones stay."""
        mine = self.filter(owner=user, name=SIGN_IN).order_by("-created_at")
        kept = mine.values_list("pk", flat=True)[: MOST_OF_SIGN_INS - 1]
        mine.exclude(pk__in=list(kept)).delete()
        return self.issue(user, name=SIGN_IN)


class AccessToken(models.Model):
    """One key to the API in the name of its owner."""

    key = ""
    """The key itself, in the moment when it is made; never stored."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="access_tokens")
    name = models.CharField(max_length=80)
    digest = models.CharField(max_length=64, unique=True, editable=False, help_text="SHA-256 of the key")
    beginning = models.CharField(max_length=16, editable=False, help_text="of the key")
    scopes = models.JSONField(default=list, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField(null=True, editable=False)
    used_at = models.DateTimeField("last used", null=True, editable=False)

    objects = AccessTokenQuerySet.as_manager()

    class Meta:
        app_label = "accounts"
        ordering = ("-created_at",)
        verbose_name = "token"

    def __str__(self) -> str:
        return f"{self.name} ({self.beginning}…)"

    @property
    def ended(self) -> bool:
        return self.expires_at is not None and self.expires_at <= timezone.now()

    def note_use(self) -> None:
        """To the minute: not every request of a program that polls needs to write."""
        now = timezone.now()
        if self.used_at is None or self.used_at < now - NOTE_EVERY:
            with suppress(OperationalError):  # a disk that is full keeps nobody from reading
                AccessToken.objects.filter(pk=self.pk).update(used_at=now)


def digest_of(key: str) -> str:
    """Keys have 256 random bits: there is nothing to guess, so a plain hash does."""
    return hashlib.sha256(key.encode("utf-8", "replace")).hexdigest()
