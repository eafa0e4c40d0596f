"""When the characters of a text are heard. Where each passage begins and ends was measured, within it they are spread.

No engine here says when it spoke which word: that every character of a passage takes as long as the others is an
assumption, and that the silence between two passages belongs to what stands between them in the text is another.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise


@dataclass(frozen=True)
class Span:
    """Where a passage, counted from 0, is spoken: seconds from the beginning of the sound."""

    passage: int
    begin: float
    end: float


@dataclass(frozen=True)
class Timed:
    """Characters, and from which second to which each is heard."""

    characters: str
    begins: list[float]
    ends: list[float]


class Clock:
    """Goes once through a text whose passages are spoken in their order."""

    def __init__(self, text: str, passages: Sequence[str]) -> None:
        self.text, self.places = text, list(places(text, passages))
        self._at, self._now = 0, 0.0

    def until(self, span: Span) -> Timed:
        """The characters of this passage, and before them those that stand between it and the one before."""
        begin, end = self.places[span.passage]
        between = self._spread(max(begin, self._at), span.begin)
        return joined([between, self._spread(end, span.end)])

    def rest(self) -> Timed:
        """What stands behind the last passage that was spoken, all of it at the end of the sound."""
        return self._spread(len(self.text), self._now)

    def whole(self, spans: Iterable[Span]) -> Timed:
        return joined([*map(self.until, spans), self.rest()])

    def _spread(self, end: int, seconds: float) -> Timed:
        """The characters up to `end`, as evenly as they come, from now until these seconds."""
        characters = self.text[self._at : end]
        step = (seconds - self._now) / max(1, len(characters))
        edges = [round(self._now + step * number, 3) for number in range(len(characters) + 1)]
        self._at, self._now = end, seconds
        pairs = list(pairwise(edges))
        return Timed(characters, [begin for begin, _ in pairs], [end for _, end in pairs])


def places(text: str, passages: Iterable[str]) -> Iterator[tuple[int, int]]:
    """Where each passage stands in the text that it was cut from; they differ in white space alone."""
    solid = [at for at, sign in enumerate(text) if not sign.isspace()]
    signs, cursor = "".join(text.split()), 0
    for passage in passages:
        wanted = "".join(passage.split())
        begin = max(cursor, signs.find(wanted, cursor))
        cursor = min(begin + len(wanted), len(solid))
        yield solid[begin], solid[cursor - 1] + 1


def joined(parts: Sequence[Timed]) -> Timed:
    """Neighbours as one; nothing of none."""
    return Timed(
        "".join(part.characters for part in parts),
        [second for part in parts for second in part.begins],
        [second for part in parts for second in part.ends],
    )
