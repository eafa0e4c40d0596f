"""Every text of the source that is marked for translation."""

import ast
import io
import tokenize
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import cast

from django.utils.translation.template import templatize

from rvc.options import FORMAT_LABELS, ConversionOptions
from voiceproject.catalogues import Key
from voiceproject.labels import label_texts

PLACES = {
    "gettext": (None, 0, None),
    "ngettext": (None, 0, 1),
    "pgettext": (0, 1, None),
    "npgettext": (0, 1, 2),
}
"""Where context, text and plural stand among the arguments of each function."""
SHORT = "_"


def messages(root: Path) -> dict[Key, str]:
    """Context and text of every message, with its plural or nothing, in the order of the files."""
    found: dict[Key, str] = {}
    for path in sorted((root / "templates").rglob("*.html")):
        collect(found, calls_of_template(path.read_text(encoding="utf-8")))
    for package in sorted(path.parent for path in root.glob("*/__init__.py")):
        for path in sorted(package.rglob("*.py")) if package.name != "tests" else ():
            collect(found, calls_of_python(path.read_text(encoding="utf-8")))
    for text in (*option_texts(), *label_texts()):
        found.setdefault(("", text), "")
    return found


def option_texts() -> Iterator[str]:
    """The texts about options: the library that has them knows no translations."""
    for spec in fields(ConversionOptions):
        yield from filter(None, (spec.metadata[name] for name in ("help", "unit", "zero")))
    yield from FORMAT_LABELS.values()


def collect(found: dict[Key, str], calls: Iterator[ast.Call]) -> None:
    for call in calls:
        message = _read(call)
        if message is not None:
            key, plural = message
            found[key] = found.get(key) or plural


def calls_of_python(source: str) -> Iterator[ast.Call]:
    return (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call))


def calls_of_template(source: str) -> Iterator[ast.Call]:
    """Django turns everything but the messages into X; brackets around it make the indentation harmless."""
    line = f"({templatize(source)}\n)"
    tokens = list(tokenize.generate_tokens(io.StringIO(line).readline))
    for start, token in enumerate(tokens):
        if token.type == tokenize.NAME and _function(token.string) and tokens[start + 1].string == "(":
            yield _call([token.string for token in tokens[start:]])


def _call(words: list[str]) -> ast.Call:
    """The call that begins here; its arguments are strings and a name, so the first bracket closes it."""
    text = " ".join(words[: words.index(")") + 1])
    return cast("ast.Call", ast.parse(text, mode="eval").body)


def _function(name: str) -> str:
    """The function that another name stands for: `_` and the lazy ones."""
    name = name.rpartition(".")[2].removesuffix("_lazy").removesuffix("_noop")
    return "gettext" if name == SHORT else name if name in PLACES else ""


def _read(call: ast.Call) -> tuple[Key, str] | None:
    function = _function(ast.unparse(call.func)) if isinstance(call.func, ast.Name | ast.Attribute) else ""
    if not function:
        return None
    texts = ["" if place is None else _text(call, place) for place in PLACES[function]]
    if None in texts:
        return None  # what is said is only known when it runs
    context, text, plural = (str(text) for text in texts)
    return (context, text), plural


def _text(call: ast.Call, place: int) -> str | None:
    argument = call.args[place] if place < len(call.args) else None
    return argument.value if isinstance(argument, ast.Constant) and isinstance(argument.value, str) else None
