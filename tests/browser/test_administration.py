"""Every page of the administration in a real browser: the policy holds, nothing is too wide or shuts people out."""

import os
from datetime import timedelta

import pytest
from django.contrib import admin
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import Group
from django.core.cache import cache
from django.test import RequestFactory
from django.urls import NoReverseMatch, reverse
from django.utils import timezone

from accounts.tokens.models import AccessToken
from conversions.batches.models import Batch
from conversions.models import Conversion
from conversions.sharing.models import ShareLink
from conversions.sweeps.models import Sweep
from jobs.models import WorkerBeat
from models_app.models import AssetFetch, VoiceImport
from rvc.options import ConversionOptions
from tests import base
from tests.browser.axe import LOOKS, serious
from tests.browser.test_access import SCREENS, keep_picture
from tts.models import Speech
from webhooks.models import Webhook

pytestmark = pytest.mark.browser
PAGES = ("changelist", "add", "change", "delete", "history")


@pytest.fixture
def rows(staff, alice, make_voice, finish, settings):
    """One row at least of everything that has a list."""
    voice = make_voice(alice, name="A voice with a rather long name, so that it has to be cut")
    batch = Batch.objects.create(owner=alice, name="An evening", voice=voice, voice_name=voice.name, size=2, options={})
    for number in range(3):
        sound = base.upload(base.tone(0.5), f"recording {number} with a longish name.wav")
        done = Conversion.objects.submit(alice, voice, sound, ConversionOptions())
        finish(done)
    Conversion.objects.filter(pk=done.pk).update(batch=batch, kind="speech")
    Speech.objects.create(conversion_id=done.pk, text="Some words to say.", engines=["piper"], engine="piper")
    failed = Conversion.objects.submit(alice, voice, base.upload(base.tone(0.5)), ConversionOptions())
    Conversion.objects.claim(failed.pk).reject("not_audio", "There is no sound in this file. Choose another recording.")
    Sweep.objects.create(
        owner=alice, conversion=done, axes=[{"name": "pitch_shift", "values": [0, 5]}], seconds=1, sound_seconds=2
    )
    ShareLink.objects.create(
        owner=alice, conversion=done, expires_at=timezone.now() + timedelta(days=1), digest="0" * 64
    )
    VoiceImport.objects.create(owner=alice, url="https://files.example/a/long/path/without/an/end/of/it/voice.pth")
    AccessToken.objects.create(owner=alice, name="A notebook", digest="1" * 64, beginning="vp_abcdef", scopes=["read"])
    AssetFetch.objects.create(name="rmvpe", owner=staff)
    Webhook.objects.create(owner=alice, url="https://files.example/a/long/path/without/an/end?that=goes&on=andon")
    WorkerBeat.objects.create(host="studio", pid=71, queue="cpu", workers=2, memory_bytes=3 << 30)
    LogEntry.objects.log_actions(staff.pk, [done], CHANGE, change_message="Listened: the result")
    Group.objects.create(name="Choir")
    cache.clear()


@pytest.fixture
def addresses(rows, staff):
    """Every page that there is, by a name for its picture."""
    found = {"index": "/admin/", "password": "/admin/password_change/", "dashboard": "/admin/monitoring/dashboard/"}
    found |= {"app": "/admin/conversions/", "person-password": f"/admin/auth/user/{staff.pk}/password/"}
    request = RequestFactory().get("/")
    request.user = staff
    for model, page in admin.site._registry.items():
        row = model._base_manager.first()
        for kind in PAGES:
            with_row = [row.pk] if row and kind not in {"changelist", "add"} else []
            try:
                address = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{kind}", args=with_row)
            except NoReverseMatch:
                continue
            request.path = address
            allowed = {"add": page.has_add_permission(request), "delete": page.has_delete_permission(request, row)}
            if allowed.get(kind, True):
                found[f"{model._meta.model_name}-{kind}"] = address
    return found


@pytest.mark.parametrize("screen", SCREENS)
def test_every_page_is_in_order(open_page, staff, addresses, screen, subtests):
    if screen.endswith("dark") and "PICTURES" not in os.environ:
        pytest.skip("the colours are Django's: dark pages are for looking at")
    page = open_page(staff, **SCREENS[screen])
    for name, address in addresses.items():
        with subtests.test(name):
            answer = page.goto(address)
            page.wait_for_load_state()
            keep_picture(page, f"admin-{name}-{screen}")
            assert answer.status == 200
            assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]
            assert serious(page, () if screen == "desktop" else LOOKS) == []
            assert open_page.complaints == []
        open_page.complaints.clear()
