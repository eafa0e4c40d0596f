"""Checks of voices: asked for once, done by a worker, and what they say of voices that speak and that do not."""

import pytest

from models_app.models import VoiceCheck

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _own_folder(own_folder):
    """Every test here has a folder of its own."""


def test_one_check_that_waits_is_enough(voice, alice):
    VoiceCheck.objects.all().delete()
    first = VoiceCheck.objects.submit(voice, by=alice)
    assert VoiceCheck.objects.submit(voice) == first
    assert (first.owner, first.voice) == (alice, voice)


def test_a_check_that_runs_may_have_begun_too_early(voice):
    VoiceCheck.objects.all().delete()
    first = VoiceCheck.objects.submit(voice)
    VoiceCheck.objects.claim(first.pk)
    assert VoiceCheck.objects.submit(voice) != first
