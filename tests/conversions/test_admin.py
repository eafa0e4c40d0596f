"""Staff look, listen, stop and try again; nothing else of a conversion can be changed by hand."""

import re

import pytest
from django.contrib.auth import get_user_model
from django.urls import reverse
from django.utils.translation import override

from conversions.models import Conversion
from conversions.templatetags.options import STAGE_WORDS
from jobs.events import JobEvent
from jobs.models import State
from jobs.queues import Queue
from tests import base

pytestmark = pytest.mark.django_db
LIST = "admin:conversions_conversion_changelist"
CHANGE = "admin:conversions_conversion_change"


@pytest.fixture
def desk(client, staff):
    client.force_login(staff)
    return client


def act(desk, action, *conversions):
    data = {"action": action, "_selected_action": [conversion.pk for conversion in conversions], "post": "yes"}
    return desk.post(reverse(LIST), data, follow=True)


@pytest.mark.parametrize("page", ["list", "change"])
def test_both_sounds_can_be_heard(desk, done, page):
    url = reverse(LIST) if page == "list" else reverse(CHANGE, args=[done.pk])
    content = desk.get(url).content.decode()
    for kind in ("source", "result"):
        assert f'<audio controls preload="none" src="/conversions/{done.pk}/{kind}/" aria-label="' in content
        assert b"".join(desk.get(f"/conversions/{done.pk}/{kind}/"))[:4] == b"RIFF"


def test_nothing_is_changed_by_hand(desk, done):
    desk.post(reverse(CHANGE, args=[done.pk]), {"state": "queued", "pitch_shift": "9", "voice_name": "x"})
    again = Conversion.objects.get()
    assert (again.state, again.pitch_shift, again.voice_name) == (State.DONE, 0.0, "Tiny")


def test_the_token_is_not_shown(desk, conversion):
    Conversion.objects.filter(pk=conversion.pk).update(token="secret-of-the-worker")
    assert b"secret-of-the-worker" not in desk.get(reverse(CHANGE, args=[conversion.pk])).content


def test_it_cancels(desk, conversion, done):
    page = act(desk, "cancel", conversion)
    conversion.refresh_from_db()
    assert conversion.state in (State.CANCELLED, State.DONE)
    assert b"cancelled." in page.content


def test_it_tries_again(desk, submit):
    stopped, waiting = submit(), submit()
    stopped.cancel()
    page = act(desk, "retry", stopped, waiting)
    stopped.refresh_from_db()
    assert stopped.state == State.QUEUED
    assert b"1 conversion was queued again" in page.content


def test_it_deletes_with_the_files(desk, done, voice, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        act(desk, "delete_selected", done)
    assert not Conversion.objects.exists()
    assert base.files_left() == {f"files/{voice.file.name}", f"files/{voice.index_file.name}"}


def test_it_finds(desk, submit, voice):
    submit(name="one.wav")
    submit(name="two.wav").cancel()
    assert b"one.wav" not in desk.get(reverse(LIST), {"q": "two.wav"}).content
    assert b"one.wav" not in desk.get(reverse(LIST), {"state__exact": "cancelled"}).content


def test_staff_without_the_permission_hear_nothing(client, done):
    helper = get_user_model().objects.create_user("helper", is_staff=True)
    client.force_login(helper)
    assert client.get(f"/conversions/{done.pk}/result/").status_code == 404
    assert client.get(reverse(LIST)).status_code == 403


def test_it_tells_what_happened(desk, conversion):
    Conversion.objects.claim(conversion.pk).fail("storage_full", "No room.")
    content = desk.get(reverse(CHANGE, args=[conversion.pk])).content.decode()
    for line in ("new → Queued", "Queued → Running", "Running → Failed", "storage_full"):
        assert line in content
    listed = desk.get(reverse("admin:jobs_jobevent_changelist"), {"q": str(conversion.pk)}).content.decode()
    assert listed.count("field-reason") == 3
    event = JobEvent.objects.of(conversion).first()
    assert desk.post(reverse("admin:jobs_jobevent_delete", args=[event.pk]), {"post": "yes"}).status_code == 403


def test_queues_states_and_stages_are_told_in_the_language_of_the_page(desk, conversion):
    Conversion.objects.claim(conversion.pk).beat(stage="content", progress=0.5)
    Conversion.objects.filter(pk=conversion.pk).update(facts={"timings": {"content": 1.5}})
    with override("de"):
        stage, kind, cpu, queued, running = map(
            str,
            (
                STAGE_WORDS["content"],
                Conversion._meta.verbose_name,
                Queue.CPU.label,
                State.QUEUED.label,
                State.RUNNING.label,
            ),
        )
    german = {"headers": {"accept-language": "de"}}
    page = desk.get(reverse(CHANGE, args=[conversion.pk]), **german).content.decode()
    assert page.count(stage) == 2, "what it is busy with, and what was measured"
    assert f"{queued} → {running}" in page
    listed = desk.get(reverse("admin:jobs_jobevent_changelist"), {"q": str(conversion.pk)}, **german).content.decode()
    shown = re.findall(r'field-(?:what|queue_name|came_to)">([^<]+)<', listed)
    assert shown == [kind, cpu, running, kind, cpu, queued]
