"""Take the pictures of the README: `python -m tests.browser.screenshots [FOLDER]`, docs/screenshots by default.

A site of its own with a worker is started in a scratch folder, and ended afterwards. Pictures of every page, in every
state and on every screen, are made by test_access.py where PICTURES names a folder.
"""

import argparse
import io
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, ViewportSize, sync_playwright

from tests import base
from tests.browser.conftest import ARGUMENTS, BUNDLED_SAMPLE, DESKTOP, PHONE

WIDE: ViewportSize = {"width": 1500, "height": 860}  # the list of the administration has its players on the right
ROOT = Path(__file__).parents[2]
USER, QUALITY = "ana", 62
FIRST, SECOND = "Studio alto", "Radio play narrator"


def add_voice(page: Page, name: str, description: str, checkpoint: Path) -> None:
    page.goto("/voices/add/")
    page.get_by_label("Name").fill(name)
    page.get_by_label("Description").fill(description)
    page.get_by_label("Voice file").set_input_files(checkpoint)
    page.get_by_role("button", name="Check and add").click()
    page.get_by_role("heading", name=name).wait_for()


def add_voices(page: Page) -> None:
    """Two voices beside the starter's, one of which needs an encoder that this machine lacks."""
    page.goto("/voices/")
    if page.get_by_text(FIRST).count():
        return
    with tempfile.TemporaryDirectory() as folder:
        small = Path(folder) / "small.pth"
        base.write_tiny_voice(small)
        add_voice(page, FIRST, "Bright and close, for songs.", small)
    add_voice(page, SECOND, "Warm and unhurried.", base.GOLDEN / "tiny_v2_40k_f0.pth")


def take(page: Page, folder: Path, name: str, address: str = "") -> None:
    if address:
        page.goto(address)
    page.mouse.move(0, 0)
    page.evaluate("scrollTo(0, 0)")
    page.wait_for_timeout(1200)
    Image.open(io.BytesIO(page.screenshot())).save(folder / f"{name}.webp", quality=QUALITY, method=6)


def convert(page: Page, folder: Path) -> None:
    page.goto("/")
    page.get_by_text("Starter").first.click()
    page.locator("input[name=recording]").set_input_files(BUNDLED_SAMPLE)
    page.locator("[data-preview] audio").wait_for()
    take(page, folder, "convert")
    page.get_by_role("button", name="Convert", exact=True).click()
    page.get_by_role("button", name="Play").wait_for(timeout=300_000)
    page.locator(".track.drawn").nth(1).wait_for()
    page.locator(".track.b .wave").click(position={"x": 330, "y": 36})
    take(page, folder, "result")
    page.set_viewport_size(PHONE)
    take(page, folder, "phone")
    page.set_viewport_size(DESKTOP)


@contextmanager
def own_site(folder: str) -> Iterator[tuple[str, str]]:
    """A fresh site with one administrator; its address and the password. Its programs end with the block."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = f"127.0.0.1:{free.getsockname()[1]}"
    password = secrets.token_urlsafe()
    own = {"VAR_DIR": folder, "SECRET_KEY": secrets.token_hex(32), "ENV_FILE": os.devnull}
    environ = (
        os.environ | own | {"DJANGO_SUPERUSER_PASSWORD": password, "DJANGO_SETTINGS_MODULE": "voiceproject.settings"}
    )
    manage = (sys.executable, "manage.py")
    subprocess.run([*manage, "prepare"], cwd=ROOT, env=environ, check=True)
    superuser = ("createsuperuser", "--noinput", "--username", USER, "--email", "ana@example.org")
    subprocess.run([*manage, *superuser], cwd=ROOT, env=environ, check=True)
    server = (sys.executable, "-m", "gunicorn", "voiceproject.wsgi", "--bind", address, "--threads", "8")
    programs = [subprocess.Popen(command, cwd=ROOT, env=environ) for command in (server, (*manage, "runworkers"))]
    try:
        wait_for(f"http://{address}/readyz")
        yield f"http://{address}", password
    finally:
        for program in programs:
            program.terminate()
            program.wait(60)


def wait_for(address: str) -> None:
    """Until the site is ready: the worker has said that it is there."""
    for _ in range(120):
        try:
            urllib.request.urlopen(address, timeout=5)
        except (urllib.error.URLError, ConnectionError):
            time.sleep(1)
        else:
            return
    raise SystemExit("The site did not get ready.")


def walk(page: Page, password: str, folder: Path) -> None:
    page.goto("/login/")
    page.get_by_label("Username").fill(USER)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Log in").click()
    page.get_by_role("heading", name="Studio").wait_for()
    add_voices(page)
    convert(page, folder)
    take(page, folder, "voices", "/voices/")
    page.set_viewport_size(WIDE)
    page.goto("/admin/conversions/conversion/")
    page.locator("#toggle-nav-sidebar").click()
    take(page, folder, "admin")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", default=ROOT / "docs" / "screenshots")
    folder = parser.parse_args().folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as scratch,
        own_site(scratch) as (address, password),
        sync_playwright() as driver,
    ):
        browser = driver.chromium.launch(executable_path=shutil.which("chromium"), args=list(ARGUMENTS))
        page = browser.new_page(base_url=address, viewport=DESKTOP, locale="en-GB", color_scheme="light")
        page.set_default_timeout(120_000)
        walk(page, password, folder)
        browser.close()


if __name__ == "__main__":
    main()
