"""Loaded networks and indexes, kept between conversions within a memory budget; least recently used goes first."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Protocol, TypeVar, cast


class Part(Protocol):
    """Anything that knows the memory it takes, in bytes."""

    @property
    def nbytes(self) -> int: ...


P = TypeVar("P", bound=Part)


class Parts:
    """A cache of loaded parts. Not for use from several threads at once."""

    def __init__(self, budget: int) -> None:
        self.budget = budget
        self._parts: OrderedDict[Hashable, Part] = OrderedDict()

    def get(self, key: Hashable, load: Callable[[], P]) -> P:
        """The part under `key`, loaded if it is not here; older ones leave until the budget, in bytes, holds."""
        if key not in self._parts:
            self._parts[key] = load()
            self._shrink(key)
        self._parts.move_to_end(key)
        return cast(P, self._parts[key])

    @property
    def nbytes(self) -> int:
        """Memory of everything kept, in bytes."""
        return sum(part.nbytes for part in self._parts.values())

    def _shrink(self, newest: Hashable) -> None:
        for key in list(self._parts):
            if self.nbytes <= self.budget:
                return
            if key != newest:
                del self._parts[key]
