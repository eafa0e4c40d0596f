"""The documents say what is true: settings, commands, flags, links and pictures are compared with the code."""

import ast
import re
from dataclasses import Field, fields
from pathlib import Path
from typing import Any

import pytest
from django.core.management import get_commands, load_command_class
from django.urls import Resolver404, resolve

from launch import main
from launch.checkout import Checkout
from rvc.__main__ import _parser
from rvc.options import CHOICES, ConversionOptions, option_range, zero_words

ROOT = Path(__file__).resolve().parent.parent
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), ROOT / "models_app" / "starter" / "README.md"])
READ_BY_RUN_PY = {"HOST", "PORT"}
NOT_IN_THE_FILE = {"ENV_FILE"}  # it names the file
NOT_OURS = ("/accounts/", "/etc/", "/srv/")


def text_of(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def settings_code() -> str:
    return "\n".join(part.read_text(encoding="utf-8") for part in sorted((ROOT / "voiceproject/settings").glob("*.py")))


def read_by_settings() -> set[str]:
    """The names that the settings ask the environment for."""
    names = set()
    for node in ast.walk(ast.parse(settings_code())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args:
            asked = ast.unparse(node.func).startswith(("env.", "os.environ.get"))
            if asked and isinstance(node.args[0], ast.Constant):
                names.add(node.args[0].value)
    return names


def example() -> dict[str, str]:
    """Name and shown default of every setting in .env.example."""
    return dict(re.findall(r"^#?([A-Z][A-Z_]+)=(.*)$", text_of(".env.example"), re.MULTILINE))


def table() -> dict[str, str]:
    """Name and default of every line of the README's table of settings."""
    section = text_of("README.md").partition("\n## Settings\n")[2].partition("\n## ")[0]
    return dict(re.findall(r"^\| `([A-Z_]+)` \|\s*(?:`(.*?)`|[^|`]*?)\s*\|", section, re.MULTILINE))


def code(document: Path) -> str:
    """What a document shows as something to type."""
    return "\n".join(re.findall(r"```(?:sh|ini)\n(.*?)```", document.read_text(encoding="utf-8"), re.DOTALL))


class TestSettings:
    def test_the_example_has_exactly_the_settings_there_are(self) -> None:
        assert set(example()) == read_by_settings() - NOT_IN_THE_FILE | READ_BY_RUN_PY

    def test_the_table_has_exactly_the_settings_of_the_example(self) -> None:
        assert set(table()) == set(example())

    def test_the_table_shows_the_defaults_of_the_example(self) -> None:
        shown = {name: default for name, default in table().items() if name not in ("SECRET_KEY", "DATABASE_URL")}
        assert shown == {name: default for name, default in example().items() if name in shown}

    def test_numbers_in_the_example_are_the_defaults_of_the_code(self) -> None:
        read = dict(re.findall(r'env\.int\("([A-Z_]+)", (\d+)\)', settings_code()))
        assert read == {name: example()[name] for name in read}


def option_row(spec: Field[Any]) -> str:
    """The line of an option in the table of docs/api.md."""
    if spec.name in CHOICES:
        values = ", ".join(f"`{choice}`" for choice in CHOICES[spec.name])
    else:
        low, high = option_range(spec.name)
        values = f"{low:.10g} to {high:.10g} {spec.metadata['unit']}".strip()
        values += f", or 0: {words}" if (words := zero_words(spec.name)) else ""
    return f"| `{spec.name}` | {values} | `{spec.default}` |"


def test_the_api_page_has_every_option_with_its_range() -> None:
    shown = text_of("docs/api.md").partition("| option |")[2].partition("\n\n")[0].splitlines()[2:]
    assert shown == [option_row(spec) for spec in fields(ConversionOptions)]


class TestCommands:
    @pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
    def test_management_commands_exist(self, document: Path) -> None:
        known = get_commands()
        for name, words in re.findall(r"(?:run\.py manage|manage\.py) ([a-z_-]+)((?: [a-z-]+)*)", document.read_text()):
            assert name in known, f"{document.name} shows manage.py {name}"
            self.check_verb(known[name], name, words.split())

    def check_verb(self, app: str, name: str, words: list[str]) -> None:
        """The first word after a command with verbs is one of them."""
        parser = load_command_class(app, name).create_parser("manage.py", name)
        verbs = [set(action.choices) for action in parser._actions if isinstance(action.choices, dict)]
        if verbs and words:
            assert words[0] in verbs[0]

    def test_the_readme_shows_every_flag_of_run_py(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        with pytest.raises(SystemExit):
            main.parse(["--help"], Checkout(tmp_path, {}))
        flags = set(re.findall(r"--[a-z-]+", capsys.readouterr().out)) - {"--help"}
        section = text_of("README.md").partition("| `run.py` | |")[2].partition("\n\n")[0]
        assert set(re.findall(r"(?<![-\w])--[a-z][a-z-]+", section)) == flags

    def test_library_commands_parse(self) -> None:
        shown = re.findall(r"python -m rvc ((?:convert|info) .*)", code(ROOT / "README.md"))
        assert len(shown) == 2
        for line in shown:
            _parser().parse_args(line.split())


def test_commands_are_shown_in_one_way() -> None:
    """`python3 run.py manage`, as README says; the exceptions name the interpreter of a service."""
    places = [*DOCUMENTS, *(ROOT / "templates").rglob("*.html")]
    packages = ("accounts", "conversions", "jobs", "launch", "models_app", "monitoring", "rvc", "tts", "voiceproject")
    for package in packages:
        places += (ROOT / package).rglob("*.py")
    for path in places:
        shown = re.findall(r"^.*python manage\.py .*$", path.read_text(encoding="utf-8"), re.MULTILINE)
        assert [line for line in shown if not line.startswith("Exec")] == [], path


class TestAddresses:
    @pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
    def test_addresses_of_the_api_exist(self, document: Path) -> None:
        placeholder = "00000000-0000-0000-0000-000000000000"
        for shown in re.findall(r"(?:localhost:8000|`)(/api/[^\s`?\"']+)", document.read_text()):
            path = re.sub(r"\$\w+|\{\w+\}|ID", placeholder, shown)
            try:
                resolve(path)
            except Resolver404:
                pytest.fail(f"{document.name} shows {shown}")

    @pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
    def test_links_and_pictures_lead_somewhere(self, document: Path) -> None:
        for target in re.findall(r"\]\((?!https?:)([^)#]+)", document.read_text()):
            assert (document.parent / target).exists(), f"{document.name} links to {target}"


def test_every_requirement_is_pinned_and_explained() -> None:
    for name in ("requirements.txt", "requirements-torch.txt", "requirements-dev.txt"):
        explained = False
        for line in text_of(name).splitlines():
            if line.startswith("#"):
                explained = True
            elif line and not line.startswith("-r"):
                assert explained, f"{name}: nothing says what {line} is for"
                assert "==" in line
            elif not line:
                explained = False


def test_every_requirement_has_its_licence_named() -> None:
    named = text_of("THIRD_PARTY.md").lower()
    for line in (text_of("requirements.txt") + text_of("requirements-torch.txt")).splitlines():
        if "==" in line:
            name = re.split(r"[=\[]", line)[0].lower()
            assert f"| {name}" in named, name
