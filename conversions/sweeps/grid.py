"""What is compared: one or two options with some values of each, and every combination of them."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

from django.utils.translation import gettext as _

from rvc.errors import OptionError
from rvc.options import ConversionOptions

MOST_CELLS = 12
MOST_AXES = 2
LONGEST_SECONDS = 30.0
USUAL_SECONDS = 10.0
SHORTEST_SECONDS = 0.5
COMPARED = tuple(spec.name for spec in fields(ConversionOptions) if spec.name not in ("output_rate", "output_format"))
"""The options that can be heard; files are written alike, so that nothing else differs."""


@dataclass(frozen=True)
class Axis:
    """An option and the values that it takes in turn."""

    name: str
    values: tuple[Any, ...]


def checked(axes: Sequence[Axis], options: ConversionOptions) -> list[Axis]:
    """The axes with values as the options have them, each once. Raises OptionError, which names the option."""
    if not 1 <= len(axes) <= MOST_AXES:
        raise OptionError("axes", _("Compare one or {most} options.").format(most=MOST_AXES))
    names = [axis.name for axis in axes]
    for name in names:
        if name not in COMPARED or names.count(name) > 1:
            raise OptionError(name[:40], _("This option cannot be compared, or is named twice."))
    clean = [Axis(axis.name, _values(axis, options)) for axis in axes]
    count = len(list(combinations(clean)))
    if not 1 < count <= MOST_CELLS:
        message = _("That are {count} settings: compare 2 to {most}.").format(count=count, most=MOST_CELLS)
        raise OptionError("axes", message)
    return clean


def _values(axis: Axis, options: ConversionOptions) -> tuple[Any, ...]:
    values = [getattr(replace(options, **{axis.name: value}), axis.name) for value in axis.values]
    return tuple(dict.fromkeys(values))


def combinations(axes: Sequence[Axis]) -> list[dict[str, Any]]:
    """Every cell of the table, row by row: the first option changes slowest."""
    names = [axis.name for axis in axes]
    return [dict(zip(names, values, strict=True)) for values in itertools.product(*(axis.values for axis in axes))]
