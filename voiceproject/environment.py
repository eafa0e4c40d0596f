"""Reads settings from the environment so that a value that makes no sense stops the start with a sentence."""

import builtins
import re
from collections.abc import Sequence
from typing import Any
from zoneinfo import ZoneInfo

import environ

TRUE, FALSE = {"true", "yes", "on", "1"}, {"false", "no", "off", "0", ""}
LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
DATABASE = re.compile(r"(postgres|postgresql|pgsql|sqlite)://.*")
ROUTE = re.compile(r"([\w.-]+/)+", re.ASCII)
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

    def level(self, name: builtins.str, default: builtins.str) -> builtins.str:
        """How much is logged, in capitals."""
        text: builtins.str = self.str(name, default).strip().upper()
        if text not in LEVELS:
            raise SystemExit(f"{name} must be {', '.join(LEVELS[:-1])} or {LEVELS[-1]}; it is {text!r}.")
        return text

    def zone(self, name: builtins.str, default: builtins.str) -> builtins.str:
        """A time zone."""
        text: builtins.str = self.str(name, default).strip()
        try:
            ZoneInfo(text)
        except (ValueError, OSError, KeyError):
            raise SystemExit(f"{name} must be a time zone like UTC or Europe/Berlin; it is {text!r}.") from None
        return text

    def route(self, name: builtins.str, default: builtins.str) -> builtins.str:
        """The path of some pages, without a slash before it and with one behind."""
        text: builtins.str = self.str(name, default).strip()
        if not ROUTE.fullmatch(text):
            raise SystemExit(
                f"{name} must be like {default}, with a slash at its end and none before it; it is {text!r}."
            )
        return text

    def database(self, name: builtins.str, default: builtins.str) -> dict[builtins.str, Any]:
        """A database as Django wants it. Its address holds a password, so that the sentence does not repeat it."""
        address = self.str(name, default).strip() or default
        try:
            if not DATABASE.fullmatch(address):
                raise ValueError("another scheme")
            found: dict[builtins.str, Any] = self.db_url_config(address)
        except ValueError:
            raise SystemExit(
                f"{name} must be like postgres://USER:PASSWORD@HOST:5432/NAME, or empty for SQLite."
            ) from None
        return found
