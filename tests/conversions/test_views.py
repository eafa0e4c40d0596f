"""The pages of conversions, asked as a browser without scripts asks, and as ours does."""

import uuid
from dataclasses import asdict

import pytest
from django.urls import reverse

from conversions.models import OPTION_NAMES, Conversion
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


def test_it_works(page, alice, voice):
    assert "Convert recordings" in page.get(HOME).content.decode()
    answer = page.post(reverse("conversions:add"), sent(voice, pitch_shift="-2.5"))
    conversion = Conversion.objects.get(owner=alice)
    assert (conversion.pitch_shift, conversion.voice, conversion.source_name) == (-2.5, voice, "tone.wav")
    assert answer.url == conversion.get_absolute_url()
    assert "tone.wav" in page.get(answer.url).content.decode()


def test_the_start_leads_to_the_form(page):
    assert page.get("/").url == HOME


def test_every_option_has_a_labelled_field_with_its_range(page, voice):
    shown = page.get(HOME).content.decode()
    for name in OPTION_NAMES:
        assert f'for="id_{name}"' in shown
    assert 'min="-24" max="24" step="0.5" data-default="0"' in shown
    assert "0 to 0.5, default 0.33." in shown


def test_a_method_that_cannot_be_used_is_shown_with_the_reason(page, voice):
    shown = page.get(HOME).content.decode()
    assert '<option value="rmvpe" disabled>RMVPE (not available)</option>' in shown
    assert "<code>python3 run.py manage assets fetch rmvpe</code>" in shown
    assert '<option value="harvest">Harvest</option>' in shown


def test_the_first_voice_comes_with_what_it_recommends(page, voice):
    type(voice).objects.update(recommended={"index_rate": 0.2})
    shown = page.get(f"{HOME}?voice={voice.pk}")
    assert shown.context["form"]["index_rate"].value() == 0.2
    assert "checked" in shown.content.decode()


def test_an_empty_server_says_how_to_get_a_voice(page):
    assert "There is no voice to use yet" in page.get(HOME).content.decode()


def test_a_voice_without_its_encoder_says_the_command(page, voice):
    type(voice).objects.update(encoder="contentvec")
    assert "python3 run.py manage assets fetch contentvec" in page.get(HOME).content.decode()


def test_the_script_gets_the_address(page, voice):
    answer = page.post(reverse("conversions:add"), sent(voice), headers={"X-Requested-With": "XMLHttpRequest"})
    assert answer.status_code == 201
    assert answer.json() == {"url": Conversion.objects.get().get_absolute_url()}


def test_the_script_gets_the_refused_form_alone(page, voice):
    wrong = sent(voice, recording=base.upload(b"this is a letter", "letter.wav"))
    answer = page.post(reverse("conversions:add"), wrong, headers={"X-Requested-With": "XMLHttpRequest"})
    assert answer.status_code == 422
    assert b"<html" not in answer.content
    assert not Conversion.objects.exists()


@pytest.mark.parametrize(
    ("field", "value"),
    [("pitch_shift", "25"), ("protect", "0.6"), ("output_rate", "4000"), ("f0_method", "magic"), ("voice", "x")],
)
def test_it_shows_errors_at_their_field(page, voice, field, value):
    answer = page.post(reverse("conversions:add"), sent(voice, **{field: value}))
    assert answer.status_code == 422
    assert answer.context["form"].errors[field]
    assert "errorlist" in answer.content.decode()


def test_a_strangers_voice_cannot_be_used(client, bob, voice):
    client.force_login(bob)
    answer = client.post(reverse("conversions:add"), sent(voice))
    assert answer.status_code == 422
    assert not Conversion.objects.exists()


def test_again_starts_from_the_earlier_settings(page, conversion):
    shown = page.get(f"{HOME}?from={conversion.pk}")
    assert shown.context["form"]["pitch_shift"].value() == 3
    assert "Convert it again" in shown.content.decode()


def test_again_keeps_the_recording(page, voice, conversion):
    wish = sent(voice, **{"from": str(conversion.pk), "pitch_shift": "5"})
    del wish["recording"]
    page.post(reverse("conversions:add"), wish)
    again = Conversion.objects.exclude(pk=conversion.pk).get()
    assert (again.source_name, again.pitch_shift) == (conversion.source_name, 5)
    assert again.source.read() == base.tone()


def test_again_without_the_recording_asks_for_it(page, voice, conversion):
    conversion.source.storage.delete(conversion.source.name)
    wish = sent(voice, **{"from": str(conversion.pk)})
    del wish["recording"]
    answer = page.post(reverse("conversions:add"), wish)
    assert answer.status_code == 422
    assert "not there any more" in str(answer.context["form"].errors["recording"])
    assert Conversion.objects.count() == 1


def test_again_never_takes_a_strangers_recording(client, bob, make_voice, conversion):
    client.force_login(bob)
    wish = sent(make_voice(bob), **{"from": str(conversion.pk)})
    del wish["recording"]
    assert client.post(reverse("conversions:add"), wish).status_code == 422
    assert "Convert it again" not in client.get(f"{HOME}?from={conversion.pk}").content.decode()


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


def test_a_long_list_is_cut_into_pages(page, conversion, django_assert_max_num_queries):
    fields = {"owner": conversion.owner, "voice": conversion.voice, "voice_name": "Tiny", "source_name": "x.wav"}
    Conversion.objects.bulk_create([Conversion(**fields) for _ in range(60)])
    with django_assert_max_num_queries(19):
        shown = page.get(f"{HOME}?page=2")
    assert len(shown.context["things"]) == 20
    assert "Page 2 of 4" in shown.content.decode()
