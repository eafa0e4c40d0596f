"""What one person may have waiting, may have converted in a day, and may keep: each 0 for as much as they like.

Everything is counted in the transaction that adds to it, and two of them of one person wait for each other: the row of
the person is locked (SQLite's transactions that write wait anyway). So no number of requests at once gets past a limit.

The minutes of a day count what was asked for. They are given back for what was cancelled before anybody worked on it,
and for what failed here; what is tried again counts again.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import models
from django.db.models import F, Sum, Value
from django.db.models.functions import Greatest
from django.template.defaultfilters import filesizeformat
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from jobs.queries import job_models
from rvc.errors import RVCError
from voiceproject.errors import SlowDown

if TYPE_CHECKING:
    from django.contrib.auth.models import User

    from jobs.models import Job

MIB = 1 << 20


class SoundOfDay(models.Model):
    """How much a person had converted on a day. It outlives the conversions, which may be deleted at once."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    day = models.DateField()
    seconds = models.FloatField(default=0.0)

    class Meta:
        app_label = "jobs"
        constraints = (models.UniqueConstraint(fields=("owner", "day"), name="one_day_of_a_person"),)

    def __str__(self) -> str:
        return f"{self.owner} on {self.day}: {self.seconds:.0f} s"


@dataclass(frozen=True)
class Usage:
    """What a person uses now, and what they may; a limit of 0 is none."""

    jobs: int
    jobs_limit: int
    minutes: float
    minutes_limit: int
    bytes: int
    bytes_limit: int


def usage(user: "User") -> Usage:
    return Usage(
        jobs=_jobs(user),
        jobs_limit=settings.PERSON_JOBS,
        minutes=_seconds_today(user) / 60,
        minutes_limit=settings.PERSON_MINUTES_A_DAY,
        bytes=_bytes(user),
        bytes_limit=settings.PERSON_STORAGE_MB * MIB,
    )


def kept(user: "User") -> tuple[int, int]:
    """How many bytes lie here for a person, and how many may; 0 for as many as they like."""
    return _bytes(user), settings.PERSON_STORAGE_MB * MIB


def said(user: "User") -> list[str]:
    """The limited shares of a person in words; nothing of what they do not use."""
    words = []
    if settings.PERSON_JOBS and (jobs := _jobs(user)):
        words.append(_("{used} of {all} conversions waiting or running").format(used=jobs, all=settings.PERSON_JOBS))
    if limit := settings.PERSON_MINUTES_A_DAY:
        used = number_format(_seconds_today(user) / 60, 1)
        words.append(_("{used} of {all} minutes today").format(used=used, all=limit))
    if limit := settings.PERSON_STORAGE_MB * MIB:
        used = filesizeformat(_bytes(user))
        words.append(_("{used} of {all} kept").format(used=used, all=filesizeformat(limit)))
    return words


def admit_sound(user: "User", seconds: float, size: int) -> None:
    """Count one more job about `seconds` of sound in a file of `size` bytes, in the transaction that adds it.

    Raises SlowDown when too many wait or the day's minutes are used up, RVCError("quota_exceeded") when too much is
    kept.
    """
    admit_job(user)
    _admit_seconds(user, seconds)
    _admit_bytes(user, size)


def count_sound(user: "User", seconds: float) -> None:
    """Add to the day of a person what is accepted already."""
    today, _new = SoundOfDay.objects.get_or_create(owner=user, day=timezone.localdate())
    SoundOfDay.objects.filter(pk=today.pk).update(seconds=F("seconds") + seconds)


def give_sound_back(owner_id: int, day: date, seconds: float) -> None:
    """Take from that day of a person what was not converted, through no fault of theirs."""
    days = SoundOfDay.objects.filter(owner_id=owner_id, day=day)
    days.update(seconds=Greatest(F("seconds") - seconds, Value(0.0)))


def admit_again(job: "Job") -> None:
    """Whether a job that has ended may be queued once more, in the transaction that does so. Raises SlowDown."""
    admit_job(job.owner)
    _check_seconds(_seconds_today(job.owner), job.seconds_of_sound)


def admitted(user: "User", lengths: Iterable[float]) -> tuple[int, SlowDown | None]:
    """Of jobs about so many seconds that have ended: how many, from the first, may be queued once more, and why no
    more than these. In the transaction that queues them."""
    _lock(user)
    jobs, used, count = _jobs(user), _seconds_today(user), 0
    for seconds in lengths:
        try:
            _check_jobs(jobs + count)
            _check_seconds(used, seconds)
        except SlowDown as refusal:
            return count, refusal
        used += seconds
        count += 1
    return count, None


def admit_bytes(user: "User | None", size: int) -> None:
    """Whether a person may keep so much more, in the transaction that adds it. The server may keep what it likes."""
    if user is not None:
        _lock(user)
        _admit_bytes(user, size)


def admit_job(user: "User") -> None:
    """Whether one more job of this person may wait, in the transaction that has it wait."""
    _lock(user)
    _check_jobs(_jobs(user))


def room(user: "User") -> int | None:
    """How many more jobs of this person may wait; None where there is no limit."""
    return max(0, settings.PERSON_JOBS - _jobs(user)) if settings.PERSON_JOBS else None


def forget_days() -> None:
    """Days that count no more."""
    SoundOfDay.objects.filter(day__lt=timezone.localdate() - timedelta(days=1)).delete()


def _lock(user: "User") -> None:
    get_user_model()._base_manager.select_for_update(no_key=True).get(pk=user.pk)


def _check_jobs(jobs: int) -> None:
    limit = settings.PERSON_JOBS
    if limit and jobs >= limit:
        raise SlowDown(
            _("{limit} conversions of yours wait or run already: let one of them end first.").format(limit=limit)
        )


def _jobs(user: "User") -> int:
    kinds = [model for model in job_models() if model.length]
    return sum(model._default_manager.all().active().filter(owner=user).count() for model in kinds)


def _seconds_today(user: "User") -> float:
    days = SoundOfDay.objects.filter(owner=user, day=timezone.localdate())
    return days.values_list("seconds", flat=True).first() or 0.0


def _admit_seconds(user: "User", seconds: float) -> None:
    _check_seconds(_seconds_today(user), seconds)
    count_sound(user, seconds)


def _check_seconds(used: float, seconds: float) -> None:
    limit = settings.PERSON_MINUTES_A_DAY * 60
    if limit and used + seconds > limit:
        wait = _seconds_left_today()
        message = _(
            "{used} of the {all} minutes that you may have converted in a day are used, and this recording has {more}: "
            "come back in {time}."
        ).format(
            used=number_format(used / 60, 1), all=limit // 60, more=number_format(seconds / 60, 1), time=_words(wait)
        )
        raise SlowDown(message, retry_after=wait)


def _seconds_left_today() -> int:
    tomorrow = timezone.localdate() + timedelta(days=1)
    midnight = timezone.make_aware(datetime.combine(tomorrow, time.min))
    return max(1, round((midnight - timezone.now()).total_seconds()))


def _words(seconds: int) -> str:
    if seconds > 5400:
        hours = round(seconds / 3600)
        return ngettext("{count} hour", "{count} hours", hours).format(count=hours)
    minutes = max(1, round(seconds / 60))
    return ngettext("{count} minute", "{count} minutes", minutes).format(count=minutes)


def _admit_bytes(user: "User", size: int) -> None:
    limit = settings.PERSON_STORAGE_MB * MIB
    if limit and (used := _bytes(user)) + size > limit:
        message = _(
            "You keep {used} of the {all} that each person has here, and this has {more}: delete what you need no more."
        ).format(used=filesizeformat(used), all=filesizeformat(limit), more=filesizeformat(size))
        raise RVCError("quota_exceeded", message)


def _bytes(user: "User") -> int:
    """What lies in storage for this person, as the rows say: each kind names the column in which it counts."""
    kinds: list[Any] = [model for model in apps.get_models() if hasattr(model, "bytes_column")]
    sums = (model._base_manager.filter(owner=user).aggregate(total=Sum(model.bytes_column)) for model in kinds)
    return sum(row["total"] or 0 for row in sums)
