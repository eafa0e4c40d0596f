"""What all pages of the administration owe: what staff did is written down, lists stay quick, nothing stumbles."""

import csv
import io

import pytest
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import NoReverseMatch, reverse

from conversions.batches.models import Batch
from conversions.models import Conversion
from jobs.models import JobEvent, State
from models_app.models import VoiceImport
from tests import base
from tts.models import Speech
from voiceproject.desk.export import cell

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("own_folder")]
CONVERSIONS = "/admin/conversions/conversion/"
LOG = "/admin/admin/logentry/"
ODD = (
    "nonsense", "9" * 40, "\0", "-1", "'", "[1]", "é", "_5F", "00000000-0000-0000-0000-000000000000", "x" * 3000,
)  # fmt: skip
QUERIES = ("id__exact", "pk__in", "q", "o", "p", "e", "all", "created_at__gte", "created_at__year", "owner__id__exact",
           "state__exact", "_facets", "_to_field", "_popup", "action_time__gte", "voice_key", "batch__id__exact", "act",
           "user__id__exact", "password__startswith", "owner__password__startswith", "no such")  # fmt: skip


@pytest.fixture
def desk(client, staff):
    client.force_login(staff)
    return client


@pytest.fixture
def done(alice):
    conversion = Conversion(owner=alice, voice_name="Alto", source_name="one.wav", state=State.DONE)
    conversion.source.save("a.wav", base.upload(base.tone(0.1)), save=False)
    conversion.result.save("b.wav", base.upload(base.tone(0.1)), save=False)
    conversion.save()
    return conversion


@pytest.fixture
def looker(client, django_user_model):
    """Staff who may look at conversions, and nothing else."""
    person = django_user_model.objects.create_user("looker", is_staff=True)
    person.user_permissions.add(Permission.objects.get(codename="view_conversion"))
    client.force_login(person)
    return client


def act(client, action, *rows, page=CONVERSIONS):
    return client.post(
        page, {"action": action, "_selected_action": [row.pk for row in rows]}, follow=action != "export_csv"
    )


def said():
    return [entry.change_message for entry in LogEntry.objects.order_by("pk")]


def lines(answer):
    return list(csv.DictReader(io.StringIO(b"".join(answer).decode())))


class TestLog:
    def test_it_says_who_listened(self, desk, done, staff):
        for part in ("bytes=0-", "bytes=400-", "bytes=800-900"):
            b"".join(desk.get(f"/conversions/{done.pk}/source/", headers={"Range": part}))
        b"".join(desk.get(f"/conversions/{done.pk}/result/"))
        desk.head(f"/conversions/{done.pk}/result/")
        assert said() == ["Listened: the recording", "Listened: the result"]
        assert {(entry.user, entry.object_id) for entry in LogEntry.objects.all()} == {(staff, str(done.pk))}

    def test_own_sound_is_nobodys_business(self, client, alice, done):
        client.force_login(alice)
        b"".join(client.get(f"/conversions/{done.pk}/result/"))
        assert said() == []

    def test_it_says_who_cancelled_and_retried(self, desk, alice, done):
        waiting = Conversion.objects.create(owner=alice)
        page = act(desk, "cancel", waiting, done).content.decode()
        assert "1 conversion was cancelled. 1 was left as it is." in page
        act(desk, "retry", waiting)
        assert said() == ["Cancelled", "Retried"]
        assert "0 conversions were cancelled. 1 was left as it is." in act(desk, "cancel", done).content.decode()
        assert len(said()) == 2

    def test_it_is_read_and_never_written(self, desk, done, client, django_user_model):
        act(desk, "export_csv", done)
        page = desk.get(LOG, {"act": "Exported"}).content.decode()
        assert "Exported: 1 row" in page
        assert "Exported: 1 row" not in desk.get(LOG, {"act": "Listened"}).content.decode()
        entry = LogEntry.objects.get()
        for address in (f"{LOG}add/", f"{LOG}{entry.pk}/delete/"):
            assert desk.post(address, {"post": "yes"}).status_code == 403
        desk.post(LOG, {"action": "delete_selected", "_selected_action": [entry.pk], "post": "yes"})
        desk.post(f"{LOG}{entry.pk}/change/", {"change_message": "nothing happened"})
        assert said() == ["Exported: 1 row"]
        client.force_login(django_user_model.objects.create_user("helper", is_staff=True))
        assert client.get(LOG).status_code == 403

    def test_an_account_of_staff_can_still_be_deleted(self, desk, done, django_user_model):
        other = django_user_model.objects.create_superuser("other")
        LogEntry.objects.create(user=other, action_flag=2, object_repr="x")
        desk.post(f"/admin/auth/user/{other.pk}/delete/", {"post": "yes"})
        assert not django_user_model.objects.filter(pk=other.pk).exists()


class TestExport:
    def test_it_works(self, desk, done, alice):
        Conversion.objects.create(owner=alice, source_name='=cmd|"/c calc"!A1', pitch_shift=-12.0)
        answer = act(desk, "export_csv", *Conversion.objects.all())
        assert answer.streaming
        assert answer["Content-Disposition"] == 'attachment; filename="conversions.csv"'
        first, second = lines(answer)
        assert (first["source_name"], first["pitch_shift"]) == ('\'=cmd|"/c calc"!A1', "-12.0")
        assert (second["owner__username"], second["state"], second["voice_name"]) == ("alice", "done", "Alto")

    @pytest.mark.parametrize("begin", ["=", "+", "-", "@", "\t", "\r"])
    def test_no_cell_is_a_formula(self, begin):
        assert cell(f"{begin}1+1") == f"'{begin}1+1"

    def test_it_asks_for_the_permission(self, looker, done):
        voice_imports = "/admin/models_app/voiceimport/"
        assert len(lines(act(looker, "export_csv", done))) == 1
        assert looker.post(voice_imports, {"action": "export_csv", "_selected_action": [1]}).status_code == 403

    def test_who_may_only_look_stops_nothing(self, looker, alice):
        waiting = Conversion.objects.create(owner=alice)
        act(looker, "cancel", waiting)
        waiting.refresh_from_db()
        assert (waiting.state, said()) == ("queued", [])

    @pytest.mark.parametrize(
        "model", [model for model, desk in admin.site._registry.items() if hasattr(desk, "csv_columns")]
    )
    def test_all_columns_are_there(self, model):
        list(model._default_manager.values_list(*admin.site.get_model_admin(model).csv_columns))


def test_rows_lead_to_each_other(desk, done, alice, voice):
    batch = Batch.objects.create(owner=alice, voice=voice, size=1, options={})
    Conversion.objects.filter(pk=done.pk).update(voice=voice, batch=batch)
    job = JobEvent.objects.of(done).get()
    pages = {
        f"{CONVERSIONS}{done.pk}/change/": ("auth/user", "models_app/voicemodel", "conversions/batch"),
        f"/admin/conversions/batch/{batch.pk}/change/": (
            "auth/user",
            "models_app/voicemodel",
            "conversions/conversion",
        ),
        f"/admin/models_app/voicemodel/{voice.pk}/change/": ("conversions/conversion",),
        f"/admin/auth/user/{alice.pk}/change/": ("conversions/conversion", "models_app/voicemodel", "jobs/jobevent"),
        f"/admin/jobs/jobevent/?q={job.job}": (f"conversions/conversion/{done.pk}", f"auth/user/{alice.pk}"),
    }
    for page, targets in pages.items():
        content = desk.get(page).content.decode().partition('id="content"')[2]
        for target in targets:
            assert f'href="/admin/{target}/' in content, (page, target)


def test_a_text_goes_with_its_conversion_and_not_without(desk, done):
    Conversion.objects.filter(pk=done.pk).update(kind="speech")
    Speech.objects.create(conversion=done, text="Some words.", engines=["piper"])
    assert desk.post(f"/admin/tts/speech/{done.pk}/delete/", {"post": "yes"}).status_code == 403
    desk.post(f"{CONVERSIONS}{done.pk}/delete/", {"post": "yes"})
    assert not Conversion.objects.exists()
    assert not Speech.objects.exists()


def test_many_rows_take_as_many_queries_as_few(desk, alice, voice):
    def fill(count):
        Conversion.objects.bulk_create(
            Conversion(owner=alice, voice=voice, state="done", source_name="a", result="a.wav") for _ in range(count)
        )
        VoiceImport.objects.bulk_create(VoiceImport(owner=alice, url="https://a.example/") for _ in range(count))

    for page in (CONVERSIONS, "/admin/models_app/voiceimport/", "/admin/jobs/jobevent/"):
        fill(2)
        desk.get(page)
        with CaptureQueriesContext(connection) as few:
            desk.get(page)
        fill(60)
        with CaptureQueriesContext(connection) as many:
            desk.get(page)
        assert len(many) == len(few)


class TestForged:
    """Whatever is sent to the administration is answered."""

    @pytest.mark.parametrize("odd", ODD)
    def test_every_page_of_a_row(self, desk, voice, done, odd):
        desk.raise_request_exception = False
        for model in admin.site._registry:
            for page in ("change", "delete", "history"):
                name = f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}"
                try:
                    address = reverse(name, args=[odd])
                except NoReverseMatch:
                    continue
                for answer in (desk.get(address), desk.post(address, {"post": "yes", "_save": "1", "owner": odd})):
                    assert answer.status_code in {302, 403, 404, 405}, (address, answer.status_code)

    @pytest.mark.parametrize("odd", ODD[:4])
    def test_every_list(self, desk, voice, done, odd):
        desk.raise_request_exception = False
        for model, page in admin.site._registry.items():
            address = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
            for query in QUERIES:
                answer = desk.get(address, {query: odd})
                assert answer.status_code in {200, 302, 400}, (address, query)
            for action in (*page.get_actions(request(desk)), odd):
                sent = {"action": action, "_selected_action": [odd], "post": "yes", "index": odd, "select_across": odd}
                assert desk.post(address, sent).status_code in {200, 302, 403}, (address, action)

    @pytest.mark.parametrize("odd", ODD)
    def test_what_else_there_is(self, desk, odd):
        desk.raise_request_exception = False
        kind = ContentType.objects.get_for_model(Conversion).pk
        for address in (
            f"/admin/r/{kind}/{odd}/",
            f"/admin/r/{odd}/1/",
            f"/admin/{odd}/",
            f"/admin/autocomplete/?term={odd}",
        ):
            assert desk.get(address).status_code in {301, 302, 400, 403, 404}, address
        field = {"app_label": "models_app", "model_name": "voicemodel", "field_name": "owner", "term": odd, "page": odd}
        for changed in field:
            assert desk.get("/admin/autocomplete/", field | {changed: odd}).status_code in {200, 403, 404}, changed
        people = {"username": odd, "usable_password": odd, "password1": odd, "password2": odd}
        assert desk.post("/admin/auth/user/add/", people).status_code in {200, 302}
        assert desk.post("/admin/auth/group/add/", {"name": odd, "permissions": odd}).status_code in {200, 302}


def request(desk):
    from django.test import RequestFactory

    asked = RequestFactory().get("/")
    asked.user = type("Everybody", (), {"has_perm": lambda *_: True, "is_active": True, "is_staff": True})()
    return asked
