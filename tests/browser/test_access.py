"""What every page owes to everybody: words for every control, contrast, one heading, and no sideways scrolling."""

import os
from pathlib import Path

import pytest
from django.core.cache import cache
from django.urls import reverse

from accounts.tokens.models import AccessToken
from conversions.models import Conversion
from conversions.sharing.models import ShareLink
from conversions.sweeps.grid import Axis
from conversions.sweeps.models import Sweep
from jobs.models import WorkerBeat
from models_app.models import VoiceImport
from rvc.options import ConversionOptions
from tests import base
from tests.browser.axe import LOOKS, serious
from tests.browser.conftest import DESKTOP, PHONE
from webhooks.models import Webhook

pytestmark = pytest.mark.browser

PROBLEMS = (Path(__file__).parent / "problems.js").read_text()
TOO_WIDE = """() => [...document.querySelectorAll(".dashboard > *")].filter((section) =>
    [...section.querySelectorAll("*")].some((part) => part.checkVisibility() && !part.closest("thead")
        && part.getBoundingClientRect().right > section.getBoundingClientRect().right + 1))
    .map((section) => section.textContent.trim().slice(0, 40))"""
"""Sections of the dashboard of which something is cut off."""
SIDEWAYS = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
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
    shown |= {"studio": "/", "microphone": "/?way=microphone", "text": "/?way=text", "history": "/conversions/"}
    shown |= {"voices": "/voices/", "add": "/voices/add/", "password": "/password/"}
    shown |= {"account": "/account/", "erase": "/account/erase/"}
    shown |= {"again": f"/?from={one.pk}", "delete": f"/conversions/{one.pk}/delete/"}
    shown |= {"share": f"/voices/{voice.pk}/share/", "blend": "/voices/blend/", "nothing-found": "/voices/?search=zzz"}
    settings.WEBHOOKS = True
    Webhook.objects.create(
        owner=staff, url="https://files.example/a/long/path/without/an/end?that=goes&on=and&on=andon"
    )
    Webhook.objects.create(owner=staff, url="https://other.example/hook", active=False, failures=1, trouble="410.")
    shown |= {"webhooks": "/webhooks/"}
    shown |= further_pages(staff, Conversion.objects.get(pk=one.pk))
    return shown | {"edit": f"/voices/{voice.pk}/edit/", "delete-voice": f"/voices/{voice.pk}/delete/"}


def further_pages(staff, done):
    """What hangs on a result or on the account: tokens, a comparison, a link for everybody, and imports."""
    AccessToken.objects.issue(staff, name="A notebook with a rather long name, so that it has to be cut")
    link = ShareLink.objects.make(done, title="For the choir")
    compared = Sweep.objects.submit(done, [Axis("pitch_shift", (-12, 0, 12))], start=0, seconds=1)
    waiting = VoiceImport.objects.create(owner=staff, url="https://files.example/a/path/without/an/end/voice.pth")
    ended = {"state": "failed", "error_code": "not_found", "error_message": "There is nothing at this address."}
    failed = VoiceImport.objects.create(owner=staff, url="https://files.example/b.pth", **ended)
    shown = {"tokens": "/account/tokens/", "links": reverse("conversions:links", args=[done.pk])}
    shown |= {"shared": reverse("shared", args=[link.secret]), "sweep": compared.get_absolute_url()}
    shown |= {"sweep-form": reverse("conversions:compare", args=[done.pk]), "import": reverse("voices:import")}
    return shown | {"import-waiting": waiting.get_absolute_url(), "import-failed": failed.get_absolute_url()}


@pytest.mark.parametrize("screen", SCREENS)
def test_every_page_is_in_order(open_page, staff, addresses, screen, subtests):
    page = open_page(staff, **SCREENS[screen])
    for name, address in addresses.items():
        with subtests.test(name):
            page.goto(address)
            page.wait_for_load_state("networkidle") if name == "result" else page.wait_for_load_state()
            while (closed := page.locator("details:not([open]) > summary:visible")).count():
                closed.first.click()
            keep_picture(page, f"{name}-{screen}")
            assert page.evaluate(PROBLEMS) == []
            assert serious(page, () if screen == "desktop" else LOOKS) == []
            page.evaluate("document.documentElement.dir = 'rtl'")
            assert page.evaluate(SIDEWAYS) == 0, "it scrolls sideways when it is read from the right"


@pytest.mark.parametrize("screen", SCREENS)
def test_the_first_page_is_in_order(open_page, screen):
    page = open_page(**SCREENS[screen])
    page.goto("/")
    keep_picture(page, f"login-{screen}")
    assert page.evaluate(PROBLEMS) == []
    assert serious(page) == []


@pytest.fixture
def worst_numbers(staff, settings, tmp_path, voice):
    """Everything on the dashboard as wide as it comes: names without a place to break, large numbers, all queues."""
    settings.VAR_DIR = tmp_path.joinpath(*["a_folder_with_a_long_name_and_no_place_to_break_it_at"] * 3)
    settings.VAR_DIR.mkdir(parents=True)
    type(voice).objects.update(encoder="an_encoder_with_as_long_a_name_as_there_is_and_no_space")
    for number, queue in enumerate(("cpu", "gpu", "import")):
        host = f"machine{number}of{'quiteafewofthem' * 8}.example.org"
        huge = {"memory_bytes": 987 << 40, "disk_free_bytes": 987_654 << 40}
        WorkerBeat.objects.create(host=host, pid=4_194_303 + number, queue=queue, workers=32_000, **huge)
    Conversion.objects.bulk_create(
        Conversion(owner=staff, state=state, queue=queue, error_code="a_code_as_long_as_they_come_32_l" * bad)
        for state, bad in (("queued", False), ("running", False), ("failed", True), ("rejected", True))
        for queue in ("cpu", "gpu")
    )
    facts = {"timings": {"a_stage_with_a_long_name_and_without_an_end": 12_345_678.9}}
    Conversion.objects.create(owner=staff, state="done", source_seconds=86_400_000, stored_bytes=1 << 60, facts=facts)
    VoiceImport.objects.create(owner=staff, url="https://files.example/a.pth", queue="import")
    cache.clear()


def test_the_dashboard_fits_a_phone(open_page, staff, worst_numbers):
    page = open_page(staff, viewport=PHONE)
    page.goto("/admin/")
    page.get_by_role("link", name="Dashboard").first.click()
    page.get_by_role("heading", name="Is it well?").wait_for()
    page.wait_for_load_state()  # with its style sheets: without them it is as wide as it likes
    keep_picture(page, "dashboard-phone")
    assert serious(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    assert page.evaluate(TOO_WIDE) == []


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
