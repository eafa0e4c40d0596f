"""Our style sheets know no left and right, so that languages that are read from the right need none of their own."""

import re

import pytest
from django.conf import settings

SHEETS = sorted((settings.BASE_DIR / "static" / "css").glob("*.css"))
SIDES = re.compile(
    r"(?:margin|padding|border)-(?:left|right)|(?:text-align|float):\s*(?:left|right)|(?<![\w-])(?:left|right):"
)
AS_SOUND_RUNS = re.compile(r"\.surface \.cursor|\.trim::(?:before|after)|left: auto")
"""What lies over a picture of a sound, whose time runs from the left in every language; and what takes a side back."""


def sides(line: str) -> bool:
    return bool(SIDES.search(line)) and not AS_SOUND_RUNS.search(line)


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda sheet: sheet.name)
def test_no_rule_names_a_side(sheet):
    assert [line for line in sheet.read_text(encoding="utf-8").splitlines() if sides(line)] == []


def test_nothing_depends_on_how_a_phone_is_held():
    assert not any("orientation" in sheet.read_text(encoding="utf-8") for sheet in SHEETS)


@pytest.mark.parametrize("line", ["a { margin-left: 1px; }", "b { float: right; }", "i { right: 0; }"])
def test_a_side_is_found(line):
    assert sides(line)
