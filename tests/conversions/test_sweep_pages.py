"""Comparisons on their pages and through the API."""

import re

import pytest
from django.urls import reverse

from conversions.models import Conversion
from conversions.sweeps.grid import Axis
from conversions.sweeps.models import Sweep
from conversions.sweeps.tasks import sweep as work_on
from jobs.models import State
from tests import base

pytestmark = pytest.mark.django_db

WISH = {
    "first": "pitch_shift",
    "first_values": "−12 0, 12",
    "second": "",
    "second_values": "",
    "start": 0,
    "seconds": 5,
}


@pytest.fixture
def sweep(done):
    """One that has ended: a cell is there, another failed."""
    sweep = Sweep.objects.submit(done, [Axis("pitch_shift", (0, 12)), Axis("unvoiced", ("keep",))], start=0, seconds=1)
    good, bad = sweep.cells.all()
    good.result.save("cell", base.upload(base.tone(0.2)))
    bad.error_code, bad.error_message = "bad_option", "This <one> failed."
    bad.save()
    Sweep.objects.filter(pk=sweep.pk).update(state=State.DONE, progress=1.0)
    sweep.refresh_from_db()
    return sweep


class TestForm:
    def ask(self, client, done, **other):
        client.force_login(done.owner)
        return client.post(f"/conversions/{done.pk}/compare/", {**WISH, **other})

    def test_it_works(self, client, done):
        client.force_login(done.owner)
        link = f'href="/conversions/{done.pk}/compare/"'
        assert link in client.get(f"/conversions/{done.pk}/").content.decode()
        assert "Compare settings" in client.get(f"/conversions/{done.pk}/compare/").content.decode()
        answer = self.ask(client, done)
        sweep = Sweep.objects.get()
        assert answer["Location"] == sweep.get_absolute_url()
        assert sweep.own_options == [Axis("pitch_shift", (-12.0, 0.0, 12.0))]

    @pytest.mark.parametrize(
        ("other", "field"),
        [
            ({"first_values": "low high"}, "first_values"),
            ({"first_values": "0 99"}, "first_values"),
            ({"first": "seed", "first_values": "1.5 2"}, "first_values"),
            ({"second": "unvoiced", "second_values": "keep drop"}, "second_values"),
            ({"seconds": 31}, "seconds"),
            ({"start": 3}, "start"),
            ({"first": "output_format"}, "first"),
            ({"first_values": "1"}, None),
        ],
    )
    def test_it_says_at_the_field_what_is_wrong(self, other, field, client, done):
        page = self.ask(client, done, **other)
        assert page.status_code in (400, 422)
        form = page.context["form"]
        assert form.errors[field] if field else form.non_field_errors()
        assert not Sweep.objects.exists()

    def test_what_has_not_ended_cannot_be_compared(self, client, conversion):
        assert self.ask(client, conversion).status_code == 422

    def test_too_many_are_told_to_wait(self, client, done, settings):
        settings.PERSON_JOBS = 1
        assert self.ask(client, done).status_code == 302
        refused = self.ask(client, done)
        assert refused.status_code == 429
        assert refused["Retry-After"]


class TestPage:
    def test_it_has_a_player_for_every_cell_that_is_there(self, client, sweep, alice):
        client.force_login(alice)
        words = client.get(sweep.get_absolute_url()).content.decode()
        original, player = re.findall(r'<audio[^>]*src="([^"]+)"', words)
        assert original == f"/conversions/{sweep.conversion_id}/source/#t=0.0,1.0", "the same seconds of the recording"
        sound = client.get(player)
        assert (sound.status_code, sound["Content-Type"]) == (200, "audio/flac")
        b"".join(sound)
        assert "This &lt;one&gt; failed." in words
        assert client.get(player.replace("/1/", "/2/")).status_code == 404

    def test_a_status_that_nobody_polls_leads_to_the_page(self, client, sweep, alice):
        client.force_login(alice)
        address = f"{sweep.get_absolute_url()}status/"
        assert client.get(address)["Location"] == sweep.get_absolute_url()
        assert b"<audio" in client.get(address, headers={"HX-Request": "true"}).content

    def test_a_cell_is_sent_once_it_is_there_and_only_once(self, client, done, alice):
        client.force_login(alice)
        sweep = Sweep.objects.submit(done, [Axis("pitch_shift", (0, 7, 12))], start=0, seconds=1)

        def sent(address):
            words = client.get(address, headers={"HX-Request": "true"}).content.decode()
            return words, re.findall(r'id="cell-(\d)"', words)

        address = f"{sweep.get_absolute_url()}status/"
        words, cells = sent(address)
        assert cells == ["1", "2", "3"]
        assert "Being made" not in words, "nobody works on it"
        job = Sweep.objects.claim(sweep.pk)
        first = job.cells.first()
        first.result.save("cell", base.upload(base.tone(0.2)))
        words, cells = sent(address)
        assert (cells, words.count("<audio"), words.count("Being made")) == (["1", "2", "3"], 1, 1)
        assert "1 of 3 is ready" in words
        [following] = re.findall(r'hx-get="([^"]+)"', words)
        assert sent(following)[1] == ["2", "3"], "what is heard is left alone"
        assert sent(f"{address}?have=x&have=99")[1] == ["1", "2", "3"]
        whole = client.get(sweep.get_absolute_url()).content.decode()
        assert whole.count("<audio") == 2, "the recording and the first"

    def test_it_is_cancelled_and_deleted(self, client, done, alice):
        client.force_login(alice)
        sweep = Sweep.objects.submit(done, [Axis("pitch_shift", (0, 12))], start=0, seconds=1)
        client.post(f"{sweep.get_absolute_url()}cancel/")
        sweep.refresh_from_db()
        assert sweep.state == State.CANCELLED
        answer = client.post(f"{sweep.get_absolute_url()}delete/")
        assert answer["Location"] == done.get_absolute_url()
        assert not Sweep.objects.exists()
        assert Conversion.objects.filter(pk=done.pk).exists()

    def test_a_setting_is_taken_for_the_whole(self, client, sweep, alice):
        client.force_login(alice)
        answer = client.post(f"{sweep.get_absolute_url()}cells/2/take/")
        made = Conversion.objects.exclude(pk=sweep.conversion_id).get()
        assert answer["Location"] == made.get_absolute_url()
        assert (made.pitch_shift, made.seed) == (12.0, sweep.conversion.seed)

    def test_staff_find_it_in_the_admin(self, admin_client, sweep):
        assert admin_client.get(reverse("admin:conversions_sweep_changelist")).status_code == 200
        assert admin_client.get(reverse("admin:conversions_sweep_change", args=[sweep.pk])).status_code == 200


class TestAPI:
    def wish(self, done, **other):
        axes = [{"option": "pitch_shift", "values": [-12, 0, 12]}, {"option": "index_rate", "values": [0, 0.75]}]
        return {"conversion": str(done.pk), "axes": axes, "seconds": 1, **other}

    @pytest.mark.usefixtures("encoder")
    def test_it_works(self, api, done, alice):
        made = api(alice).post("/api/sweeps/", self.wish(done), format="json")
        assert made.status_code == 202
        assert len(made.json()["cells"]) == 6
        assert work_on(made.json()["id"])
        shown = api(alice).get(made["Location"]).json()
        assert (shown["state"], shown["error"]) == ("done", None)
        assert shown["axes"][1] == {"option": "index_rate", "values": [0, 0.75]}
        for cell in shown["cells"]:
            assert (cell["error"], cell["rate"]) == (None, 40000)
            assert b"".join(api(alice).get(cell["result"])).startswith(b"fLaC")
        assert api(alice).get("/api/sweeps/").json()["results"] == [shown]
        assert api(alice).post(f"{made['Location']}cancel/").status_code == 409
        assert api(alice).delete(made["Location"]).status_code == 204
        assert api(alice).get(made["Location"]).status_code == 404

    def test_a_failure_stands_in_its_cell(self, api, sweep, alice):
        good, bad = api(alice).get(f"/api/sweeps/{sweep.pk}/").json()["cells"]
        assert (good["error"], bad["result"]) == (None, None)
        assert bad["error"] == {"code": "bad_option", "message": "This <one> failed."}

    @pytest.mark.parametrize(
        ("other", "status", "field"),
        [
            ({"axes": []}, 400, "axes"),
            ({"axes": [{"option": "path", "values": ["/etc"]}]}, 400, "axes"),
            ({"axes": [{"option": "pitch_shift", "values": [0, True]}]}, 400, "axes"),
            ({"axes": [{"option": "pitch_shift", "values": [0, 99]}]}, 400, "pitch_shift"),
            ({"axes": [{"option": "pitch_shift", "values": [0, "low"]}]}, 400, "pitch_shift"),
            ({"axes": [{"option": "pitch_shift", "values": [0]}]}, 400, "axes"),
            ({"seconds": 31}, 400, "seconds"),
            ({"start": 7}, 400, "start"),
            ({"state": "done"}, 400, "state"),
        ],
    )
    def test_it_names_the_field_that_is_wrong(self, other, status, field, api, done, alice):
        refused = api(alice).post("/api/sweeps/", self.wish(done, **other), format="json")
        assert (refused.status_code, refused.json()["error"]["field"]) == (status, field)

    def test_a_strangers_conversion_is_not_found(self, api, done, bob):
        refused = api(bob).post("/api/sweeps/", self.wish(done), format="json")
        assert (refused.status_code, refused.json()["error"]["field"]) == (422, "conversion")

    def test_the_same_wish_sent_again_makes_no_second_one(self, api, done, alice):
        headers = {"Idempotency-Key": "one"}
        first, again = (
            api(alice).post("/api/sweeps/", self.wish(done), format="json", headers=headers) for _ in range(2)
        )
        assert first.json()["id"] == again.json()["id"]
        assert Sweep.objects.count() == 1
