"""Addresses that are told what ended: what is sent, how it is signed, and what happens when nobody answers."""

import base64
import hashlib
import hmac
import json
import time
import uuid
from datetime import timedelta

import pytest
from django.db import transaction
from django.test import Client
from django.utils import timezone

from accounts.models import Erasure
from accounts.tasks import erase
from conversions.models import Conversion
from jobs.tasks import serve
from models_app.models import VoiceImport
from rvc.errors import RVCError
from webhooks import tasks
from webhooks.models import Delivery, Webhook
from webhooks.telling import tell

pytestmark = pytest.mark.django_db
URL = "https://files.example/hook"


@pytest.fixture(autouse=True)
def _on(settings, own_folder, network, monkeypatch):
    settings.WEBHOOKS = True
    monkeypatch.setattr(tasks, "fetcher", lambda: network.fetcher(("*",)))


@pytest.fixture
def webhook(alice):
    return Webhook.objects.register(alice, URL)


@pytest.fixture
def site(network):
    """The person's program, which says yes until told otherwise."""
    network["files"].routes["/hook"] = lambda handler: handler.answer(204)
    return network["files"]


@pytest.fixture
def done(alice):
    """A conversion of alice's that has just ended, of which nobody was told."""
    facts = {"source_name": "secret plans.wav", "voice_name": "Bella"}
    ended = Conversion(owner=alice, state="done", finished_at=timezone.now(), **facts)
    return Conversion.objects.bulk_create([ended])[0]


def told(job):
    tell([job], job.state)
    return Delivery.objects.order_by("created_at").last()


def run(delivery):
    """Let a worker try it now, whatever time it should wait for."""
    Delivery.objects.filter(pk=delivery.pk).update(not_before=None)
    tasks.deliver(str(delivery.pk))
    delivery.refresh_from_db()
    return delivery


def answering(status, **headers):
    return lambda handler: handler.answer(status, **headers)


class TestMessages:
    def test_it_works(self, webhook, site, done):
        delivery = run(told(done))
        assert (delivery.state, delivery.status) == ("done", 204)
        message = json.loads(site.received[0])
        assert message["type"] == "conversion.done"
        assert message["data"]["id"] == str(done.pk)
        assert message["data"]["path"] == f"/api/conversions/{done.pk}/"
        assert message["timestamp"] == done.finished_at.isoformat()
        webhook.refresh_from_db()
        assert webhook.delivered_at is not None

    def test_the_signature_is_that_of_standard_webhooks(self, webhook, site, done):
        """As the specification says, written anew from it."""
        delivery = run(told(done))
        [(_, headers)] = site.seen
        sent = {name.lower(): value for name, value in headers.items()}
        assert sent["webhook-id"] == str(delivery.message)
        assert abs(int(sent["webhook-timestamp"]) - time.time()) < 60
        content = f"{sent['webhook-id']}.{sent['webhook-timestamp']}.".encode() + site.received[0]
        key = base64.b64decode(webhook.secret.split("_")[1])
        expected = base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()
        assert sent["webhook-signature"] == f"v1,{expected}"
        assert sent["content-type"] == "application/json"

    def test_it_says_nothing_of_what_the_job_was_about(self, webhook, site, done):
        run(told(done))
        assert b"secret plans" not in site.received[0]
        assert b"Bella" not in site.received[0]

    def test_a_job_that_ends_is_told_by_itself(self, webhook, alice):
        conversion = Conversion.objects.create(owner=alice)
        assert conversion.cancel()
        running = Conversion.objects.claim(Conversion.objects.create(owner=alice).pk)
        assert running.fail("needs_asset", "Fetch it first.")
        VoiceImport.objects.create(owner=alice, url="https://files.example/a.pth").cancel()
        events = Delivery.objects.order_by("created_at").values_list("event", flat=True)
        assert list(events) == ["conversion.cancelled", "conversion.failed", "voiceimport.cancelled"]
        assert json.loads(Delivery.objects.all()[1].body)["data"]["error_code"] == "needs_asset"

    def test_a_change_that_is_undone_is_not_told(self, webhook, alice):
        conversion = Conversion.objects.create(owner=alice)
        with transaction.atomic():
            conversion.cancel()
            transaction.set_rollback(True)
        assert not Delivery.objects.exists()

    def test_who_is_not_told(self, webhook, alice, bob, settings):
        tell([Conversion.objects.create(owner=bob)], "done")
        Webhook.objects.update(active=False)
        tell([Conversion.objects.create(owner=alice)], "done")
        Webhook.objects.update(active=True)
        settings.WEBHOOKS = False
        tell([Conversion.objects.create(owner=alice)], "done")
        assert not Delivery.objects.exists()

    def test_a_worker_of_the_queue_sends_it(self, webhook, site, alice):
        Conversion.objects.create(owner=alice).cancel()
        serve("webhook")
        assert Delivery.objects.get().state == "done"
        assert json.loads(site.received[0])["type"] == "conversion.cancelled"

    def test_it_goes_with_everything_of_its_owner(self, webhook, alice, bob):
        Webhook.objects.register(bob, URL)
        Conversion.objects.create(owner=alice)
        erasure = Erasure.objects.submit(alice)
        erase(str(erasure.pk))
        assert [other.owner for other in Webhook.objects.all()] == [bob]
        assert not Delivery.objects.exists()

    def test_messages_are_no_news_themselves(self, webhook, site, done):
        run(told(done))
        assert Delivery.objects.count() == 1


class TestTrouble:
    @pytest.mark.parametrize("status", [301, 307, 400, 404, 500, 503])
    def test_anything_but_yes_is_tried_again_later(self, webhook, site, done, status):
        site.routes["/hook"] = answering(status, Location="https://cdn.example/hook")
        delivery = run(told(done))
        assert (delivery.state, delivery.error_code, delivery.status) == ("failed", "refused", status)
        again = Delivery.objects.exclude(pk=delivery.pk).get()
        assert (again.state, again.number, again.message, again.body) == (
            "queued",
            2,
            delivery.message,
            delivery.body,
        )
        assert timedelta(seconds=25) < again.not_before - timezone.now() <= timedelta(seconds=30)

    def test_it_waits_longer_each_time_and_gives_up(self, webhook, site, done, settings):
        site.routes["/hook"] = answering(500)
        delivery, waits = told(done), []
        for _ in range(settings.WEBHOOK_TRIES):
            run(delivery)
            following = Delivery.objects.filter(state="queued").first()
            if following is not None:
                waits.append(round((following.not_before - timezone.now()).total_seconds()))
                delivery = following
        assert waits == [30, 120, 480, 1920, 7680]
        assert Delivery.objects.count() == settings.WEBHOOK_TRIES
        assert not Delivery.objects.active().exists()

    def test_it_arrives_once_the_other_side_is_well(self, webhook, site, done):
        site.routes["/hook"] = answering(500)
        run(told(done))
        site.routes["/hook"] = answering(200)
        assert run(Delivery.objects.get(number=2)).state == "done"
        first, second = site.received
        assert first == second
        webhook.refresh_from_db()
        assert (webhook.failures, webhook.trouble) == (0, "")

    def test_silence_and_no_http_are_failures(self, webhook, site, done):
        for route in (lambda handler: time.sleep(2), lambda handler: handler.wfile.write(b"what?\r\n\r\n")):
            site.routes["/hook"] = route
            assert run(told(done)).error_code == "upstream"

    def test_an_endless_answer_holds_nobody_up(self, webhook, site, done):
        def endless(handler):
            handler.head(200, Content_Length=str(1 << 30))
            while True:
                handler.wfile.write(bytes(1 << 16))

        site.routes["/hook"] = endless
        began = time.monotonic()
        assert run(told(done)).state == "done"
        assert time.monotonic() - began < 5

    def test_a_name_that_leads_inside_meanwhile(self, webhook, network, done):
        network.answers["files.example"] = ["127.0.0.1"]
        assert run(told(done)).error_code == "url_not_allowed"
        assert network.canary.visits == 0

    def test_many_failures_in_a_row_turn_it_off(self, webhook, site, done, settings):
        settings.WEBHOOK_MOST_FAILURES = 3
        site.routes["/hook"] = answering(500)
        for _ in range(3):
            run(told(done))
        webhook.refresh_from_db()
        assert (webhook.active, webhook.failures) == (False, 3)
        assert "500" in webhook.trouble
        waiting = Delivery.objects.active().first()
        assert run(waiting).error_code == "turned_off"
        assert len(site.seen) == 3

    def test_410_turns_it_off_at_once(self, webhook, site, done):
        site.routes["/hook"] = answering(410)
        run(told(done))
        webhook.refresh_from_db()
        assert not webhook.active
        assert not Delivery.objects.active().exists()

    def test_what_waits_is_not_sent_once_the_server_sends_none(self, webhook, site, done, settings):
        delivery = told(done)
        settings.WEBHOOKS = False
        assert run(delivery).error_code == "webhooks_off"
        assert site.seen == []

    def test_old_tries_are_forgotten(self, webhook, site, done):
        old = run(told(done))
        Delivery.objects.filter(pk=old.pk).update(finished_at=timezone.now() - timedelta(days=8))
        run(told(done))
        assert not Delivery.objects.filter(pk=old.pk).exists()


class TestRegistering:
    @pytest.mark.parametrize(
        "url", ["http://files.example/", "https://10.0.0.1/", "https://localhost/", "ftp://a.b/", "x"]
    )
    def test_addresses_that_nobody_may_be_sent_to(self, alice, url):
        with pytest.raises(RVCError) as refused:
            Webhook.objects.register(alice, url)
        assert refused.value.code == "url_not_allowed"

    def test_off_until_the_operator_says_otherwise(self, alice, settings):
        settings.WEBHOOKS = False
        with pytest.raises(RVCError) as refused:
            Webhook.objects.register(alice, URL)
        assert refused.value.code == "webhooks_off"

    def test_there_are_only_so_many(self, alice):
        for number in range(5):
            Webhook.objects.register(alice, f"{URL}/{number}")
        with pytest.raises(RVCError) as refused:
            Webhook.objects.register(alice, URL)
        assert refused.value.code == "quota_exceeded"


class TestAPI:
    def test_it_works(self, api, alice):
        client = api(alice)
        made = client.post("/api/webhooks/", {"url": URL}, format="json")
        assert made.status_code == 201
        assert made.json()["secret"].startswith("whsec_")
        assert made["Cache-Control"] == "no-store"
        [listed] = client.get("/api/webhooks/").json()["results"]
        assert listed["url"] == URL
        assert "secret" not in listed
        assert "secret" not in client.get(made["Location"]).json()
        assert client.delete(made["Location"]).status_code == 204
        assert not Webhook.objects.exists()

    def test_refusals_are_told_by_field(self, api, alice):
        answer = api(alice).post("/api/webhooks/", {"url": "http://files.example/"}, format="json")
        assert answer.status_code == 422
        assert (answer.json()["error"]["code"], answer.json()["error"]["field"]) == ("url_not_allowed", "url")
        api(alice).post("/api/webhooks/", {"url": URL}, format="json")
        assert api(alice).post("/api/webhooks/", {"url": URL}, format="json").status_code == 409

    def test_strangers_find_nothing(self, api, bob, webhook):
        client = api(bob)
        assert client.get("/api/webhooks/").json()["results"] == []
        for method, path in (("get", ""), ("delete", ""), ("post", "on/"), ("get", "deliveries/")):
            assert getattr(client, method)(f"/api/webhooks/{webhook.pk}/{path}").status_code == 404

    def test_tries_and_turning_on_again(self, api, alice, webhook, site, done):
        site.routes["/hook"] = answering(410)
        run(told(done))
        client = api(alice)
        [shown] = client.get(f"/api/webhooks/{webhook.pk}/deliveries/").json()
        assert (shown["event"], shown["status"], shown["error_code"]) == ("conversion.done", 410, "gone")
        answer = client.post(f"/api/webhooks/{webhook.pk}/on/").json()
        assert (answer["active"], answer["failures"], answer["trouble"]) == (True, 0, "")


class TestPage:
    def test_the_secret_is_shown_once(self, client, alice):
        client.force_login(alice)
        assert client.post("/webhooks/", {"url": URL}).status_code == 302
        secret = Webhook.objects.get().secret
        assert secret in client.get("/webhooks/").content.decode()
        assert secret not in client.get("/webhooks/").content.decode()

    def test_a_refused_address_keeps_the_form(self, client, alice):
        client.force_login(alice)
        answer = client.post("/webhooks/", {"url": "http://files.example/"})
        assert answer.status_code == 422
        assert "https://" in answer.content.decode()

    def test_off(self, client, alice, settings):
        settings.WEBHOOKS = False
        client.force_login(alice)
        assert "WEBHOOKS=true" in client.get("/webhooks/").content.decode()
        assert client.post("/webhooks/", {"url": URL}).status_code == 422

    def test_strangers_find_nothing(self, client, bob, webhook):
        client.force_login(bob)
        assert URL not in client.get("/webhooks/").content.decode()
        assert client.post(f"/webhooks/{webhook.pk}/delete/").status_code == 404
        assert client.post(f"/webhooks/{uuid.uuid4()}/delete/").status_code == 404

    def test_turning_on_and_removing(self, client, alice, webhook, site, done):
        site.routes["/hook"] = answering(410)
        run(told(done))
        client.force_login(alice)
        assert "410" in client.get("/webhooks/").content.decode()
        client.post(f"/webhooks/{webhook.pk}/on/")
        assert Webhook.objects.get().active
        client.post(f"/webhooks/{webhook.pk}/delete/")
        assert not Webhook.objects.exists()

    def test_forms_need_their_token(self, alice):
        client = Client(enforce_csrf_checks=True)
        client.force_login(alice)
        assert client.post("/webhooks/", {"url": URL}).status_code == 403

    def test_staff_see_no_secret(self, admin_client, webhook):
        page = admin_client.get(f"/admin/webhooks/webhook/{webhook.pk}/change/").content.decode()
        assert URL in page
        assert webhook.secret not in page
