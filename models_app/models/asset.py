import math
import time
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models, transaction

from jobs.models import Job, JobQuerySet
from jobs.queues import Queue
from rvc.assets import asset_named
from rvc.errors import AssetError

if TYPE_CHECKING:
    from django.contrib.auth.models import User


class AssetFetchQuerySet(JobQuerySet["AssetFetch"]):
    def submit(self, name: str, *, by: "User | None" = None) -> "AssetFetch":
        """Have an asset downloaded by a worker; the fetch that is under way when there is one.

        Raises AssetError: unknown_asset, or not_fetchable where no hub has the files.
        """
        if not asset_named(name).fetchable:
            raise AssetError("not_fetchable", f"{name} is not on the hub: it can be imported only.")
        return self._submit(name, by)

    def verify(self, name: str, *, by: "User | None" = None) -> "AssetFetch":
        """Have the files of an installed asset read again; the fetch or reading that is under way when there is one."""
        return self._submit(name, by, verify=True)

    def _submit(self, name: str, by: "User | None", *, verify: bool = False) -> "AssetFetch":
        with transaction.atomic():
            under_way = self.active().filter(name=name).first()
            if under_way is not None:
                return under_way
            fetch = self.create(name=name, owner=by, verify=verify)
            transaction.on_commit(fetch.hint, robust=True)
        return fetch

    def by_name(self) -> dict[str, "AssetFetch"]:
        """The last fetch of each asset, by name."""
        return {fetch.name: fetch for fetch in self.order_by("created_at")}


class AssetFetch(Job):
    """One pretrained part on its way from its source to this machine, or read again where it lies."""

    task = "models_app.tasks.fetch_asset"

    owner = models.ForeignKey(  # type: ignore[assignment]  # the server asks too
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="assetfetchs"
    )
    queue = models.CharField(max_length=8, choices=Queue, default=Queue.IMPORT, editable=False)
    name = models.CharField(max_length=60, editable=False)
    verify = models.BooleanField(default=False, editable=False, help_text="its files are read again, not fetched")
    bytes_done = models.BigIntegerField(default=0, editable=False)
    bytes_total = models.BigIntegerField(default=0, editable=False, help_text="0: not known")

    objects = AssetFetchQuerySet.as_manager()  # type: ignore[misc]

    _counted_at = -math.inf

    class Meta(Job.Meta):
        abstract = False
        verbose_name = "fetched asset"

    def count(self, done: int, total: int) -> None:
        """Say how many bytes are here. May be called for every block: the row hears of it once a beat."""
        now = time.monotonic()
        if done == total or now - self._counted_at >= settings.JOB_BEAT_SECONDS:
            self._counted_at = now
            self._held().update(bytes_done=done, bytes_total=total)
