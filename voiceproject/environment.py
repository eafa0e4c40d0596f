"""Reads settings from the environment so that a value that makes no sense stops the start with a sentence."""

import builtins
import re
from collections.abc import Sequence

import environ

TRUE, FALSE = {"true", "yes", "on", "1"}, {"false", "no", "off", "0", ""}
DEVICE = re.compile(r"auto|cpu|mps|cuda(:\d{1,2})?")


class Environment(environ.Env):  # type: ignore[misc]
    """An environment whose numbers and switches are checked by name."""

    def int(self, name: builtins.str, default: builtins.int) -> builtins.int:
        """A whole number, 0 or more."""
        text = self.str(name, str(default)).strip()
        if not re.fullmatch(r"\d{1,12}", text):
            raise SystemExit(f"{name} must be a whole number, 0 or more; it is {text!r}.")
        return builtins.int(text)

    def bool(self, name: builtins.str, default: builtins.bool) -> builtins.bool:
        """A switch: true or false, yes or no, on or off, 1 or 0."""
        text = self.str(name, str(default)).strip().lower()
        if text not in TRUE | FALSE:
            raise SystemExit(f"{name} must be true or false; it is {text!r}.")
        return text in TRUE

    def choice(self, name: builtins.str, choices: Sequence[builtins.str]) -> builtins.str:
        """One of a few words; the first when it is not set."""
        text: builtins.str = self.str(name, choices[0]).strip().lower()
        if text not in choices:
            raise SystemExit(f"{name} must be {' or '.join(choices)}; it is {text!r}.")
        return text

    def device(self, name: builtins.str) -> builtins.str:
        """Where conversions compute; auto when it is not set."""
        text: builtins.str = self.str(name, "auto").strip()
        if not DEVICE.fullmatch(text):
            raise SystemExit(f"{name} must be auto, cpu, cuda, cuda:N or mps; it is {text!r}.")
        return text
