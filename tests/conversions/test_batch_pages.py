"""The pages of batches: sent by the ordinary form, one line in the list, one page that says how all of it goes."""

import pytest
from django.urls import reverse

from conversions.batches.models import Batch, Refusal
from conversions.models import Conversion
from tests import base
from tests.conversions.batches import LONG, SHORT, finish, unpack_all
from tests.conversions.test_views import sent
from tests.hostile.make_archives import MAKERS, zipped

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("encoder")]

HOME, ADD = "/conversions/", "/"
SCRIPT = {"HTTP_X_REQUESTED_WITH": "XMLHttpRequest"}


@pytest.fixture
def page(client, alice):
    client.force_login(alice)
    return client


def text(answer):
    return " ".join(answer.content.decode().split())


def test_it_works(page, voice):
    files = [base.upload(SHORT, "a.wav"), base.upload(LONG, "b.wav"), base.upload(b"text", "c.txt")]
    answer = page.post(ADD, sent(voice, recording=files, pitch_shift="4", keep="7"))
    batch = Batch.objects.get()
    assert answer.url == batch.get_absolute_url()
    assert (batch.options["pitch_shift"], batch.keep_days) == (4.0, 7)
    shown = text(page.get(answer.url))
    assert "3 being taken in" in shown
    assert "Cancel all" in shown
    assert 'hx-trigger="every 2s"' in shown
    unpack_all()
    finish(batch.conversions.get(batch_path="a.wav"))
    shown = text(page.get(answer.url))
    assert "25&hairsp;%" in shown
    assert "2 of 3 files have ended" in shown
    assert "c.txt</strong> <span>" in shown
    assert "1 not accepted" in shown
    assert "Download what is ready" in shown
    finish(batch.conversions.get(batch_path="b.wav"), "failed")
    shown = text(page.get(answer.url))
    assert "Try 1 again" in shown
    assert "Too little memory." in shown
    assert "Download all" in shown
    assert "hx-get" not in shown


def test_a_zip_is_a_batch_and_one_recording_is_none(page, voice):
    page.post(ADD, sent(voice, recording=base.upload(zipped(("a.wav", SHORT)), "songs.zip")))
    assert Batch.objects.get().name == "songs"
    page.post(ADD, sent(voice, recording=base.upload(SHORT, "a.wav")))
    assert Batch.objects.count() == Conversion.objects.filter(batch=None).count() == 1


@pytest.mark.parametrize("script", [{}, SCRIPT], ids=["page", "script"])
def test_a_hostile_zip_is_refused_in_the_form(page, voice, script):
    answer = page.post(ADD, sent(voice, recording=base.upload(MAKERS["symlink"](SHORT), "a.zip")), **script)
    assert answer.status_code == 422
    assert answer.context["form"].errors.as_data()["recording"][0].code == "bad_container"
    assert not Batch.objects.exists()


def test_too_much_waiting_is_said_in_the_form(page, voice):
    for _ in range(5):
        page.post(ADD, sent(voice, recording=base.upload(zipped(("a.wav", SHORT)), "songs.zip")))
    answer = page.post(ADD, sent(voice, recording=base.upload(zipped(("a.wav", SHORT)), "songs.zip")))
    assert (answer.status_code, answer["Retry-After"]) == (429, "30")


def test_it_is_one_line_of_the_list(page, send):
    batch = send(*((f"{n}.wav", SHORT) for n in range(3)))
    unpack_all()
    answer = page.get(HOME)
    assert [thing.pk for thing in answer.context["things"]] == [batch.pk]
    assert f'href="{batch.get_absolute_url()}"' in text(answer)
    assert "3 files" in text(answer)


def test_the_status_is_a_part_of_the_page(page, send):
    batch = send(("a.wav", SHORT))
    address = reverse("conversions:batch-status", args=[batch.pk])
    assert page.get(address).url == batch.get_absolute_url()
    assert page.get(address, headers={"HX-Request": "true"}).content.lstrip().startswith(b'<div id="status"')
    assert b"<li" in page.get(f"{address}?card", headers={"HX-Request": "true"}).content[:5]


def test_cancel_retry_and_delete(page, send):
    batch = send(("a.wav", SHORT), ("b.wav", SHORT))
    unpack_all()
    address = batch.get_absolute_url()
    assert page.post(f"{address}cancel/").url == address
    assert {row.state for row in batch.conversions.all()} == {"cancelled"}
    assert "It had already ended." in text(page.post(f"{address}cancel/", follow=True))
    page.post(f"{address}retry/")
    assert {row.state for row in batch.conversions.all()} == {"queued"}
    assert "Delete “2 recordings”?" in text(page.get(f"{address}delete/"))
    assert page.post(f"{address}delete/").url == HOME
    assert not Batch.objects.exists()
    assert not Conversion.objects.exists()


def test_a_file_of_it_leads_back(page, send):
    batch = send(("a.wav", SHORT), ("b.wav", SHORT))
    unpack_all()
    one = batch.conversions.first()
    link = f'<a href="{batch.get_absolute_url()}">in 2 recordings</a>'
    assert link in text(page.get(one.get_absolute_url()))
    assert page.post(reverse("conversions:delete", args=[one.pk])).url == batch.get_absolute_url()


def test_a_stranger_gets_404(client, bob, send):
    batch = send(("a.wav", SHORT))
    client.force_login(bob)
    for method, rest in (("get", ""), ("get", "status/"), ("get", "zip/"), ("get", "delete/"), ("post", "delete/")):
        assert getattr(client, method)(f"{batch.get_absolute_url()}{rest}").status_code == 404


def test_many_files_cost_no_more_queries(page, send, django_assert_max_num_queries):
    batch = send(("a.wav", SHORT))
    unpack_all()
    [one] = batch.conversions.all()
    columns = {"owner": one.owner, "voice": one.voice, "voice_name": one.voice_name, "batch": batch}
    states = ("done", "failed", "queued")
    Conversion.objects.bulk_create(
        Conversion(**columns, source=one.source.name, batch_path=f"{n}.wav", source_seconds=1.0, state=states[n % 3])
        for n in range(299)
    )
    Refusal.objects.bulk_create(
        Refusal(batch=batch, position=n, path=f"{n}.txt", code="not_audio", message="No.") for n in range(100)
    )
    Batch.objects.update(size=400)
    with django_assert_max_num_queries(16):
        shown = text(page.get(batch.get_absolute_url()))
    assert "Page 1 of 6" in shown
    assert "And 150 more" in shown
    with django_assert_max_num_queries(19):
        page.get(HOME)
