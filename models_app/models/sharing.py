"""Who may see, change and take away a voice: said here, and nowhere else."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Self, TypeVar

from django.conf import settings
from django.contrib.auth.models import AnonymousUser, Group
from django.db import models, transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from models_app.models.event import Action, Recorded

if TYPE_CHECKING:
    from django.contrib.auth.models import User

V = TypeVar("V", bound="Shared")


class Visibility(models.TextChoices):
    PRIVATE = "private", _("Only you")
    PEOPLE = "people", _("People and groups you name")
    EVERYONE = "everyone", _("Everyone on this server")


class SharedQuerySet(models.QuerySet[V]):
    def visible_to(self, user: "User | AnonymousUser") -> Self:
        """The voices a person may see and use: their own, those shared with them, those everyone may use."""
        if not user.is_authenticated:
            return self.none()
        return self.filter(Q(owner=user) | Q(visibility=Visibility.EVERYONE) | self._named(user))

    def _named(self, user: "User") -> Q:
        """Shared with this person by name, or with a group of theirs. Subqueries: a join would repeat rows."""
        people = self.model.people.through._default_manager.filter(user=user).values("voicemodel")
        groups = self.model.groups.through._default_manager.filter(group__user=user).values("voicemodel")
        return Q(visibility=Visibility.PEOPLE) & (Q(pk__in=people) | Q(pk__in=groups))

    def editable_by(self, user: "User | AnonymousUser") -> Self:
        return self.filter(owner=user) if user.is_authenticated else self.none()

    def exportable_by(self, user: "User | AnonymousUser") -> Self:
        """Whose files a person may take away: their own voices', and everybody's for staff who may see voices."""
        if user.is_staff and user.has_perm("models_app.view_voicemodel"):
            return self.all()
        return self.editable_by(user)

    def blendable_by(self, user: "User | AnonymousUser") -> Self:
        """What a person may make a blend of: it can be exported, and parts of both voices with it."""
        return self.visible_to(user) & self.exportable_by(user)

    def usable_by(self, user: "User | AnonymousUser") -> Self:
        """What a worker converts with for a person; the operator of the machine may use what lies on it."""
        return self.all() if user.is_superuser else self.visible_to(user)


class Shared(Recorded):
    """The part of a voice that says whose it is and who else may use it."""

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="voices",
        help_text="Empty: the voice belongs to the server.",
    )
    visibility = models.CharField(_("who may use it"), max_length=10, choices=Visibility, default=Visibility.PRIVATE)
    people = models.ManyToManyField(settings.AUTH_USER_MODEL, blank=True, related_name="voices_shared")
    groups = models.ManyToManyField(Group, blank=True, related_name="voices_shared")

    class Meta:
        abstract = True

    def editable_by(self, user: "User | AnonymousUser") -> bool:
        return user.is_authenticated and self.owner_id == user.pk

    @property
    def shared_words(self) -> str:
        """Who may use it, for the owner and for the record."""
        if self.visibility != Visibility.PEOPLE:
            return str(Visibility(self.visibility).label)
        names = [person.get_username() for person in self.people.order_by("username")]
        groups = [f"group {group.name}" for group in self.groups.order_by("name")]
        return ", ".join([*names, *groups]) or "Nobody yet"

    @transaction.atomic
    @override("en")  # the record is in one language, whoever writes in it
    def share(
        self,
        by: "User | None",
        visibility: str,
        *,
        people: "Iterable[User] | None" = None,
        groups: Iterable[Group] | None = None,
    ) -> None:
        """Say who may use the voice; None leaves the named people, or groups, as they are.

        Whoever may not use it any more has their waiting conversions refused by the worker; those that run go on.
        """
        before = self.held().shared_words
        self.visibility = visibility
        self.save(update_fields=["visibility"])
        if people is not None:
            self.people.set(people)
        if groups is not None:
            self.groups.set(groups)
        if self.shared_words != before:
            self.record(Action.SHARED, by, f"{before} → {self.shared_words}")

    @transaction.atomic
    def give_to(self, by: "User | None", owner: "User | None") -> None:
        """Make it somebody else's, or nobody's: the server's."""
        if owner == self.owner:
            return
        before, self.owner = self.held().owner, owner
        self.save(update_fields=["owner"])
        self.record(Action.GIVEN, by, f"{before or 'this server'} → {owner or 'this server'}")
