"""Take the pictures of the README from a running site: `python -m tests.browser.screenshots ADDRESS USER FOLDER`.

The site has the starter voice and a worker; PASSWORD is read from the environment. The user is an administrator.
"""

import argparse
import os
import shutil
import tempfile
from pathlib import Path

from playwright.sync_api import Page, ViewportSize, sync_playwright

from tests import base
from tests.browser.conftest import ARGUMENTS, BUNDLED_SAMPLE, DESKTOP, PHONE

WIDE: ViewportSize = {"width": 1500, "height": 860}  # the list of the administration has its players on the right
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
    page.wait_for_timeout(1200)
    page.screenshot(path=folder / f"{name}.png")


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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("address")
    parser.add_argument("user")
    parser.add_argument("folder", type=Path)
    wanted = parser.parse_args()
    wanted.folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=shutil.which("chromium"), args=list(ARGUMENTS))
        page = browser.new_page(base_url=wanted.address, viewport=DESKTOP, locale="en-GB", color_scheme="light")
        page.goto("/login/")
        page.get_by_label("Username").fill(wanted.user)
        page.get_by_label("Password").fill(os.environ["PASSWORD"])
        page.get_by_role("button", name="Log in").click()
        page.get_by_role("heading", name="Studio").wait_for()
        add_voices(page)
        convert(page, wanted.folder)
        take(page, wanted.folder, "voices", "/voices/")
        page.goto("/")
        page.get_by_role("link", name="Admin").click()
        page.locator("a[href$='/conversions/conversion/']").first.click()
        page.set_viewport_size(WIDE)
        page.locator("#toggle-nav-sidebar").click()
        page.locator("#result_list audio").first.wait_for()
        take(page, wanted.folder, "admin")
        browser.close()


if __name__ == "__main__":
    main()
