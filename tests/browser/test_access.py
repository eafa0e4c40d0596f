"""What every page owes to everybody: words for every control, contrast, one heading, and no sideways scrolling."""

import os
from pathlib import Path

import pytest

from conversions.models import Conversion
from jobs.models import WorkerBeat
from rvc.options import ConversionOptions
from tests import base
from tests.browser.conftest import DESKTOP, PHONE
from webhooks.models import Webhook

pytestmark = pytest.mark.browser

PROBLEMS = (Path(__file__).parent / "problems.js").read_text()
SCREENS = {
    "desktop": {"viewport": DESKTOP},
    "phone": {"viewport": PHONE},
    "desktop-dark": {"viewport": DESKTOP, "color_scheme": "dark"},
    "phone-dark": {"viewport": PHONE, "color_scheme": "dark"},
}


@pytest.fixture
def addresses(staff, make_voice, finish, settings):
    """Every page in every state it has, by a name for its picture."""
    words = {"licence": "CC0", "origin": "Read in a kitchen", "quality": "2.9 % of the words wrong"}
    voice = make_voice(staff, name="A voice with a rather long name, so that it has to be cut", **words)
    needs = make_voice(staff, name="Needs more", recommended={"index_rate": 0.2})
    type(needs).objects.filter(pk=needs.pk).update(encoder="contentvec")
    submit = Conversion.objects.submit
    one, two, three, four = (submit(staff, voice, base.upload(base.tone()), ConversionOptions()) for _ in range(4))
    finish(one)
    Conversion.objects.claim(two.pk).beat(stage="synthesis", progress=0.62)
    Conversion.objects.claim(three.pk).reject("not_audio", "There is no sound in this file. Choose another recording.")
    pages = {"result": one, "working": two, "rejected": three, "waiting": four, "voice": voice, "voice-needs": needs}
    shown = {name: record.get_absolute_url() for name, record in pages.items()}
    shown |= {"convert": "/conversions/", "voices": "/voices/", "add": "/voices/add/", "password": "/password/"}
    shown |= {"account": "/account/", "erase": "/account/erase/"}
    shown |= {"again": f"/conversions/?from={one.pk}", "delete": f"/conversions/{one.pk}/delete/"}
    shown |= {"share": f"/voices/{voice.pk}/share/", "blend": "/voices/blend/", "nothing-found": "/voices/?search=zzz"}
    settings.WEBHOOKS = True
    Webhook.objects.create(
        owner=staff, url="https://files.example/a/long/path/without/an/end?that=goes&on=and&on=andon"
    )
    Webhook.objects.create(owner=staff, url="https://other.example/hook", active=False, failures=1, trouble="410.")
    shown |= {"webhooks": "/webhooks/"}
    return shown | {"edit": f"/voices/{voice.pk}/edit/", "delete-voice": f"/voices/{voice.pk}/delete/"}


@pytest.mark.parametrize("screen", SCREENS)
def test_every_page_is_in_order(open_page, staff, addresses, screen, subtests):
    page = open_page(staff, **SCREENS[screen])
    for name, address in addresses.items():
        with subtests.test(name):
            page.goto(address)
            page.wait_for_load_state("networkidle") if name == "result" else page.wait_for_load_state()
            while (closed := page.locator("details:not([open]) summary")).count():
                closed.first.click()
            keep_picture(page, f"{name}-{screen}")
            assert page.evaluate(PROBLEMS) == []


@pytest.mark.parametrize("screen", SCREENS)
def test_the_first_page_is_in_order(open_page, screen):
    page = open_page(**SCREENS[screen])
    page.goto("/")
    keep_picture(page, f"login-{screen}")
    assert page.evaluate(PROBLEMS) == []


def test_the_dashboard_fits_a_phone(open_page, staff):
    WorkerBeat.objects.create(host="a-machine-with-a-long-name.example.org", pid=4711, queue="import", workers=4)
    Conversion.objects.create(owner=staff)
    page = open_page(staff, viewport=PHONE)
    page.goto("/admin/")
    page.get_by_role("link", name="Dashboard").first.click()
    page.get_by_role("heading", name="Is it well?").wait_for()
    keep_picture(page, "dashboard-phone")
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def test_what_is_not_there_says_so(open_page, staff):
    page = open_page(staff)
    page.goto("/nothing/")
    open_page.complaints.clear()  # the browser notes the 404 that is wanted here
    assert page.get_by_role("heading", name="There is nothing here").is_visible()
    assert page.evaluate(PROBLEMS) == []


def keep_picture(page, name: str) -> None:
    """Pictures to look at, where PICTURES names a folder for them."""
    if folder := os.environ.get("PICTURES"):
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)
