"""The images and what starts them: linted, and their commands tried here, since the tests build no image."""

import fnmatch
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import compose_spec
import pytest
import yaml
from django.core.management import get_commands, load_command_class

from tests.test_architecture import PACKAGES, ROOT

DOCKERFILES = ("Dockerfile", "Dockerfile.gpu")
OURS = {"prepare", "web", "worker-cpu", "worker-gpu", "worker-import"}


@pytest.fixture(scope="module")
def compose():
    return yaml.safe_load((ROOT / "compose.yaml").read_text())


@pytest.fixture(scope="module")
def image(tmp_path_factory) -> Path:
    """What COPY brings into an image."""
    rules = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if line and line[0] != "#"]
    taken = [rule[1:] for rule in rules if rule[0] == "!"]
    target = tmp_path_factory.mktemp("image")
    for name in taken:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, target / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, target)
    return target


def run(image, *command, **environment):
    own = {"PATH": os.environ["PATH"], "SECRET_KEY": "only-for-tests-0123456789-abcdefghijklmnopqrstuvwxyz"}
    own |= {"VAR_DIR": str(image.parent / "var"), **environment}
    return subprocess.run(command, cwd=image, env=own, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("name", DOCKERFILES)
def test_hadolint_has_nothing_to_say(name):
    found = subprocess.run(
        [Path(sys.executable).parent / "hadolint", ROOT / name], capture_output=True, text=True, check=False
    )
    assert (found.returncode, found.stdout) == (0, "")


@pytest.mark.parametrize("name", DOCKERFILES)
def test_nothing_runs_as_root_and_the_base_is_pinned(name):
    text = (ROOT / name).read_text()
    bases = set(re.findall(r"^FROM (\S+)", text, re.MULTILINE))
    assert len(bases) == 1
    assert re.fullmatch(r"python:3\.11\.\d+-slim-bookworm(@sha256:[0-9a-f]{64})?", bases.pop())
    assert re.findall(r"^USER (\S+)", text, re.MULTILINE) == ["10001:10001"]
    assert "HEALTHCHECK" in text
    assert not re.search(r"SECRET|PASSWORD|TOKEN", text)


def test_the_two_images_are_alike():
    """One is the other with the libraries of a graphics processor: the first lines and the last ones differ."""
    cpu, gpu = ([*(ROOT / name).read_text().splitlines()] for name in DOCKERFILES)
    stable = [line for line in cpu if line.startswith(("FROM", "COPY", "USER", "VOLUME", "WORKDIR"))]
    assert [line for line in gpu if line in stable] == stable


def test_compose_keeps_to_its_specification(compose):
    compose_spec.PyCompose.from_json(json.dumps(compose)).validate()


@pytest.mark.parametrize("place", ["restart", "healthcheck", "read_only"])
def test_the_specification_is_looked_at(compose, place):
    web = {**compose["services"]["web"], place: "nonsense"}
    with pytest.raises(ValueError, match=r"nonsense|invalid type|unknown"):
        compose_spec.PyCompose.from_json(json.dumps({**compose, "services": {"web": web}})).validate()


def test_services_wait_for_services_that_are_there(compose):
    services = compose["services"]
    assert set(services) >= OURS
    for service in services.values():
        assert set(service.get("depends_on", ())) <= set(services)
        for volume in service.get("volumes", ()):
            assert volume.partition(":")[0] in compose["volumes"]
    assert set(compose["volumes"]) == {
        volume.partition(":")[0] for service in services.values() for volume in service.get("volumes", ())
    }


def test_every_queue_has_its_worker(compose):
    served = [service["command"][-1] for name, service in compose["services"].items() if name.startswith("worker")]
    assert sorted(served) == ["cpu", "gpu", "import"]


def test_commands_of_the_services_are_ours(compose):
    for name in OURS - {"web"}:
        service = compose["services"][name]
        commands = [service["command"], *([service["healthcheck"]["test"][1:]] if name.startswith("worker") else [])]
        for python, manage, command, *words in commands:
            assert (python, manage) == ("python", "manage.py")
            load_command_class(get_commands()[command], command).create_parser(manage, command).parse_args(words)


def test_images_and_rights_are_narrow(compose):
    for name, service in compose["services"].items():
        if name in OURS:
            assert service["cap_drop"] == ["ALL"]
            assert service["read_only"] is True
            assert service["security_opt"] == ["no-new-privileges:true"]
            assert (ROOT / service["build"]["dockerfile"]).is_file()
        else:
            assert re.search(r":[^:]*\d+[.-]\d+", service["image"]), f"{name}: the version is left open"
    published = [port for service in compose["services"].values() for port in service.get("ports", ())]
    assert published == ["127.0.0.1:8000:8000"]


def test_the_image_holds_what_runs_and_nothing_else(image):
    there = {path.name for path in image.iterdir()}
    assert set(PACKAGES) | {"manage.py", "static", "templates"} <= there
    assert not [path for path in image.rglob("*") if fnmatch.fnmatch(path.name, ".env*")]
    assert not there & {"tests", ".git", "var", ".venv"}


def test_the_image_is_complete(image):
    checked = run(image, sys.executable, "manage.py", "check", "--fail-level", "ERROR")
    assert checked.returncode == 0, checked.stderr
    [command] = re.findall(r"^CMD \[(.*)\]$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    words = [word.strip('" ') for word in command.split(",")]
    served = run(image, sys.executable, "-m", *words, "--check-config")
    assert served.returncode == 0, served.stderr
