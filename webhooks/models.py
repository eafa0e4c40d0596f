"""Addresses of people that are told when a job of theirs has ended, and every try to tell them."""

import uuid
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Self

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db import models, transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from jobs.models import Job, JobQuerySet
from jobs.queues import MESSAGES
from rvc.errors import RVCError
from voiceproject.addresses import LONGEST, AddressError, HostList
from webhooks.signing import new_secret

if TYPE_CHECKING:
    from django.contrib.auth.models import User

MOST = 5
"""Addresses of one person."""
KEPT = timedelta(days=7)
"""How long tries that have ended are remembered."""
OFF = gettext_lazy("This server sends no webhooks: its operator sets WEBHOOKS=true.")


def hosts() -> HostList:
    """Every public host, over https; which addresses are public stands in voiceproject/addresses.py."""
    return HostList(("*",))


class WebhookQuerySet(models.QuerySet["Webhook"]):
    def visible_to(self, user: "User | AnonymousUser") -> Self:
        return self.filter(owner_id=user.pk) if user.pk else self.none()

    def register(self, user: "User", url: str) -> "Webhook":
        """Raises AddressError for an address nobody may be sent to, RVCError when there are too many, or it is off."""
        if not settings.WEBHOOKS:
            raise RVCError("webhooks_off", str(OFF))
        address = str(hosts().read(url))
        if self.filter(owner=user).count() >= MOST:
            raise RVCError(
                "quota_exceeded", _("You have {most} addresses already: remove one of them first.").format(most=MOST)
            )
        if self.filter(owner=user, url=address).exists():
            raise AddressError("already_there", _("This address is told already."), field="url")
        return self.create(owner=user, url=address)

    def told_by(self, owner_id: int | None) -> Self:
        """Whom it concerns when something of this person has ended."""
        return self.filter(owner_id=owner_id, active=True)


class Webhook(models.Model):
    """One address of one person. The secret is shown when it is made and never again."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="webhooks")
    url = models.CharField("address", max_length=LONGEST)
    secret = models.CharField(max_length=80, default=new_secret, editable=False)
    active = models.BooleanField(default=True)
    failures = models.PositiveIntegerField(default=0, editable=False, help_text="tries in a row that failed")
    trouble = models.CharField(max_length=500, blank=True, editable=False, help_text="what the last of them said")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    delivered_at = models.DateTimeField(null=True, editable=False)

    objects = WebhookQuerySet.as_manager()

    class Meta:
        ordering = ("created_at",)

    def __str__(self) -> str:
        return f"webhook {self.pk}"

    def turn_on(self) -> None:
        """Try it again after it was turned off."""
        Webhook.objects.filter(pk=self.pk).update(active=True, failures=0, trouble="")
        self.refresh_from_db()

    def succeeded(self) -> None:
        Webhook.objects.filter(pk=self.pk).update(failures=0, trouble="", delivered_at=timezone.now())

    def failed(self, why: str, *, for_good: bool) -> None:
        """Count a try that failed; after too many in a row, or when the other side wants no more, it is turned off."""
        mine = Webhook.objects.filter(pk=self.pk)
        mine.update(failures=F("failures") + 1, trouble=why[:500])
        if for_good or mine.filter(failures__gte=settings.WEBHOOK_MOST_FAILURES).exists():
            mine.update(active=False)
        self.refresh_from_db()


class DeliveryQuerySet(JobQuerySet["Delivery"]):
    pass


class Delivery(Job):
    """One try to send one message. A try that fails makes the next one, later each time."""

    task = "webhooks.tasks.deliver"

    queue = models.CharField(max_length=8, default=MESSAGES, editable=False)
    webhook = models.ForeignKey(Webhook, models.CASCADE, related_name="deliveries")
    message = models.UUIDField(default=uuid.uuid4, editable=False, help_text="the same in all tries")
    number = models.PositiveSmallIntegerField(default=1, editable=False, help_text="of the try, from 1")
    event = models.CharField(max_length=60, editable=False)
    body = models.TextField(editable=False)
    status = models.PositiveSmallIntegerField(null=True, editable=False, help_text="what the other side answered")

    objects = DeliveryQuerySet.as_manager()  # type: ignore[misc]

    class Meta(Job.Meta):
        abstract = False
        verbose_name_plural = "deliveries"

    def finish(self, **changes: Any) -> bool:
        with transaction.atomic():
            published = super().finish(**changes)
            if published:
                self.webhook.succeeded()
                self._forget_old()
        return published

    def fail(self, code: str, message: str) -> bool:
        """With the next try, or neither: whoever is killed in between has lost nothing."""
        with transaction.atomic():
            failed = super().fail(code, message)
            if failed and self.webhook.active:
                self.webhook.failed(message, for_good=code == "gone")
                self._try_again()
            self._forget_old()
        return failed

    def _try_again(self) -> None:
        if self.number >= settings.WEBHOOK_TRIES or not self.webhook.active:
            return
        wait = timedelta(seconds=settings.WEBHOOK_FIRST_WAIT_SECONDS * 4 ** (self.number - 1))
        same = {name: getattr(self, name) for name in ("owner_id", "webhook", "message", "event", "body")}
        # No hint: the reaper sends one when its time has come.
        Delivery.objects.create(**same, number=self.number + 1, not_before=timezone.now() + wait)

    def _forget_old(self) -> None:
        self.webhook.deliveries.filter(finished_at__lt=timezone.now() - KEPT).delete()
