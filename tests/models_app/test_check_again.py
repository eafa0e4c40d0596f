"""An owner has a voice tried once more: with a button on its page, and through the API."""

from importlib import import_module
from io import StringIO
from types import SimpleNamespace

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import connection
from django.urls import reverse

from models_app import checking
from models_app.models import VoiceCheck, VoiceModel, check

pytestmark = pytest.mark.django_db


@pytest.fixture
def tried(voice):
    """A voice of Alice's whose check is over."""
    VoiceCheck.objects.update(state="done")
    return voice


def checks(voice):
    return voice.checks.waiting().count(), voice.events.filter(action="checked").count()


def test_it_works(api, alice, tried):
    answer = api(alice).post(f"/api/voices/{tried.pk}/check/")
    assert (answer.status_code, answer.json()["id"]) == (202, str(tried.pk))
    assert checks(tried) == (1, 1)
    assert tried.checks.waiting().get().owner == alice


def test_the_page_has_a_button_until_a_check_waits(client, alice, tried):
    client.force_login(alice)
    page, address = tried.get_absolute_url(), reverse("voices:check", args=[tried.pk])
    assert address in client.get(page).content.decode()
    assert client.post(address, follow=True).redirect_chain == [(page, 302)]
    assert address not in client.get(page).content.decode()
    assert checks(tried) == (1, 1)


def test_the_page_says_what_went_wrong_the_last_time(client, alice, tried):
    tried.checks.update(state="failed", error_code="out_of_memory", error_message="This machine has too little memory.")
    client.force_login(alice)
    assert "This machine has too little memory." in client.get(tried.get_absolute_url()).content.decode()


def test_asking_again_while_it_waits_changes_nothing(api, alice, tried):
    for _ in range(3):
        assert api(alice).post(f"/api/voices/{tried.pk}/check/").status_code == 202
    assert checks(tried) == (1, 1)


@pytest.mark.parametrize("address", ["/api/voices/{}/check/", "/voices/{}/check/"])
def test_who_may_only_use_it_does_not(client, bob, alice, tried, address):
    tried.share(alice, "everyone")
    client.force_login(bob)
    assert client.post(address.format(tried.pk)).status_code == 404
    assert checks(tried) == (0, 0)


class TestAfterAnUpgrade:
    """What `prepare` does at every start."""

    def prepare(self):
        said = StringIO()
        call_command("voices", "check", "--outdated", stdout=said)
        return said.getvalue()

    def test_voices_that_no_check_knew_are_tried(self, tried):
        VoiceModel.objects.update(check_version=0)
        assert self.prepare() == "1 voice(s) of an older version will be tried.\n"
        assert tried.checks.waiting().count() == 1

    def test_the_rest_costs_two_queries(self, tried, django_assert_max_num_queries):
        with django_assert_max_num_queries(2):
            assert self.prepare() == ""
        assert tried.checks.waiting().count() == 0

    def test_once_is_enough_whatever_becomes_of_it(self, tried):
        VoiceModel.objects.update(check_version=0)
        self.prepare()
        VoiceCheck.objects.update(state="failed", error_code="job_crashed")
        assert self.prepare() == ""

    def test_a_new_kind_of_check_tries_everything(self, tried, monkeypatch):
        for module in (check, checking):
            monkeypatch.setattr(module, "CHECK_VERSION", 2)
        assert "1 voice(s)" in self.prepare()
        assert VoiceModel.objects.get().check_version == 2

    def test_those_that_were_tried_before_versions_were_counted_are_left_alone(self, make_voice, alice, tried):
        new = make_voice(alice)
        VoiceCheck.objects.filter(voice=new).delete()
        VoiceModel.objects.update(check_version=0)
        import_module("models_app.migrations.0012_check_version").note(apps, SimpleNamespace(connection=connection))
        assert list(VoiceModel.objects.filter(check_version=0)) == [new]
