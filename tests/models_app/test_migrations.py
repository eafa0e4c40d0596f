"""Rows from before sharing had three kinds and voices had slugs are carried over, and back."""

from importlib import import_module

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from models_app.bundled import STARTER_ID, USUAL_F0

BEFORE, AFTER = [("models_app", "0003_voice_jobs")], [("models_app", "0004_keeping")]
FACTS = {"version": "v2", "f0": True, "sample_rate": 40000, "encoder": "contentvec"}


def migrate(target):
    executor = MigrationExecutor(connection)
    executor.migrate(target)
    return MigrationExecutor(connection).loader.project_state(target).apps.get_model("models_app", "VoiceModel")


@pytest.fixture
def _back_to_the_newest(transactional_db):
    yield
    executor = MigrationExecutor(connection)
    executor.migrate(executor.loader.graph.leaf_nodes())


@pytest.mark.usefixtures("_back_to_the_newest")
def test_it_works():
    before = migrate(BEFORE)
    for name, shared in (("Tante Märi", True), ("Tante Märi", False), ("声", False)):
        before.objects.create(name=name, shared=shared, **FACTS)
    after = migrate(AFTER)
    kept = {(voice.slug, voice.visibility) for voice in after.objects.all()}
    second = after.objects.filter(name="Tante Märi").order_by("created_at").last()
    assert kept == {
        ("tante-mari", "everyone"),
        (f"tante-mari-{second.pk.hex[:8]}", "private"),
        ("voice", "private"),
    }
    assert migrate(BEFORE).objects.filter(shared=True).count() == 1


@pytest.mark.usefixtures("_back_to_the_newest")
@pytest.mark.parametrize(("said", "after"), [(None, 108.0), (120.0, 120.0)])
def test_a_starter_of_before_learns_its_usual_pitch_once(said, after):
    before = migrate([("models_app", "0014_favourites")])
    starter = before.objects.create(id=STARTER_ID, name="Starter", usual_f0=said, **FACTS)
    other = before.objects.create(name="Other", slug="other", **FACTS)
    voices = migrate([("models_app", "0015_starter_usual_f0")])
    assert voices.objects.get(pk=starter.pk).usual_f0 == after
    assert voices.objects.get(pk=other.pk).usual_f0 is None


def test_the_migration_says_what_a_new_starter_has():
    migration = import_module("models_app.migrations.0015_starter_usual_f0")
    assert (migration.STARTER, migration.HERTZ) == (STARTER_ID, USUAL_F0)
