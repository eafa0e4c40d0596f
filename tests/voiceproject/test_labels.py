"""Names of records and columns are texts like all others, and no reason for a migration."""

import pytest
from django.contrib import admin
from django.core.management import call_command
from django.utils.functional import Promise
from django.utils.translation import gettext, override

from accounts.models import AccessToken, count_everything
from voiceproject.labels import label_texts, own_models


def test_all_that_the_administration_shows_can_be_translated():
    texts = set(label_texts())
    assert {"conversion", "conversions", "batches", "created at", "semitones", "voice"} <= texts
    for model in own_models():
        assert isinstance(model._meta.verbose_name, Promise), model
        assert str(model._meta.verbose_name_plural) in texts
        for field in model._meta.local_fields if admin.site.is_registered(model) else ():
            assert isinstance(field.verbose_name, Promise), field
            assert str(field.verbose_name) in texts


def test_they_are_looked_up_when_they_are_shown():
    name = AccessToken._meta.get_field("name").verbose_name
    with override("de"):
        assert name == gettext("name")


@pytest.mark.django_db
class TestStored:
    def test_no_migration_is_missing(self):
        call_command("makemigrations", check=True, dry_run=True, verbosity=0)

    def test_the_api_names_kinds_in_english(self, alice):
        english = count_everything(alice)
        with override("de"):
            assert count_everything(alice) == english
        assert {"conversions", "batches", "voices"} <= set(english)
