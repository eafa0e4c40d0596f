"""The pages of conversions, asked as a browser without scripts asks, and as ours does."""

import uuid
from dataclasses import asdict

import pytest
from django.urls import reverse

from conversions.models import Conversion
from jobs.models import State
from rvc.options import ConversionOptions
from tests import base

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("encoder")]

HOME = "/conversions/"


@pytest.fixture
def page(client, alice):
    client.force_login(alice)
    return client


@pytest.fixture
def conversion(alice, voice):
    return Conversion.objects.submit(alice, voice, base.upload(base.tone()), ConversionOptions(pitch_shift=3))


def sent(voice, /, **changes):
    """What the form sends when nothing was touched, with some changes."""
    options = {name: str(value) for name, value in asdict(ConversionOptions()).items()}
    return {"voice": str(voice.pk), "recording": base.upload(base.tone()), **options, **changes}


def test_the_status_says_how_far_it_is(page, conversion):
    Conversion.objects.update(state=State.RUNNING, stage="synthesis", progress=0.62)
    shown = page.get(
        reverse("conversions:status", args=[conversion.pk]), headers={"HX-Request": "true"}
    ).content.decode()
    assert "62" in shown
    assert "Speaking with the new voice" in shown
    assert 'hx-trigger="every 1s"' in shown
    assert "<html" not in shown


def test_the_status_stops_asking_when_it_has_ended(page, conversion):
    conversion.cancel()
    shown = page.get(
        reverse("conversions:status", args=[conversion.pk]), headers={"HX-Request": "true"}
    ).content.decode()
    assert "hx-trigger" not in shown
    assert "was cancelled" in shown


def test_the_status_address_in_a_browser_leads_to_the_page(page, conversion):
    assert page.get(reverse("conversions:status", args=[conversion.pk])).url == conversion.get_absolute_url()


def test_without_scripts_the_page_loads_itself_again(page, conversion):
    refresh = '<noscript><meta http-equiv="refresh" content="3"></noscript>'
    assert refresh in page.get(conversion.get_absolute_url()).content.decode()
    conversion.cancel()
    assert refresh not in page.get(conversion.get_absolute_url()).content.decode()


def test_a_queue_that_nobody_works_on_is_named(page, conversion):
    assert "python3 run.py manage runworkers" in page.get(conversion.get_absolute_url()).content.decode()


def test_a_failure_shows_its_sentence(page, conversion):
    Conversion.objects.update(state=State.FAILED, error_message="The disk is full.")
    assert "The disk is full." in page.get(conversion.get_absolute_url()).content.decode()


def test_it_cancels(page, conversion):
    page.post(reverse("conversions:cancel", args=[conversion.pk]))
    conversion.refresh_from_db()
    assert conversion.state == State.CANCELLED


def test_it_deletes_after_asking(page, conversion):
    address = reverse("conversions:delete", args=[conversion.pk])
    assert "go for good" in page.get(address).content.decode()
    assert Conversion.objects.exists()
    assert page.post(address).url == HOME
    assert not Conversion.objects.exists()


def test_strangers_get_404(client, bob, conversion):
    client.force_login(bob)
    for name in ("detail", "status", "delete"):
        assert client.get(reverse(f"conversions:{name}", args=[conversion.pk])).status_code == 404
    for name in ("cancel", "delete"):
        assert client.post(reverse(f"conversions:{name}", args=[conversion.pk])).status_code == 404
    assert conversion.source_name not in client.get(HOME).content.decode()


def test_visitors_are_asked_to_log_in(client):
    for address in (HOME, reverse("conversions:detail", args=[uuid.uuid4()])):
        assert client.get(address).url == f"{reverse('login')}?next={address}"
