"""H72 and H73 truly at the same moment: threads with a connection each, all let go together."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection
from django.test import Client

from accounts.models import AccessToken
from conversions.models import Conversion
from jobs.quotas import usage
from tests import base

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("own_folder")]
CAP = 20


@pytest.fixture
def sent(alice, make_voice):
    """Status, code and Retry-After of so many conversions that one person sends at once."""
    voice = make_voice(None)
    voice.share(None, "everyone")
    key = AccessToken.objects.issue(alice).key

    def send(start):
        client = Client(headers={"Authorization": f"Bearer {key}"}, raise_request_exception=False)
        wish = {"voice": str(voice.pk), "recording": base.upload(base.tone(0.2))}
        start.wait(60)
        try:
            answer = client.post("/api/conversions/", wish)
        finally:
            connection.close()
        code = answer.json()["error"]["code"] if answer.status_code != 202 else None
        return answer.status_code, code, answer.has_header("Retry-After")

    def sent(count):
        start = threading.Barrier(count)
        with ThreadPoolExecutor(count) as threads:
            return sorted(threads.map(send, [start] * count), key=str)

    return sent


def test_h72_fifty_of_one_person(sent, alice, settings):
    settings.PERSON_JOBS = CAP
    before = base.files_left()
    assert sent(50) == [(202, None, False)] * CAP + [(429, "slow_down", True)] * (50 - CAP)
    assert Conversion.objects.filter(owner=alice).active().count() == CAP
    assert len(base.files_left() - before) == CAP, "nothing stays of what was refused"


def test_h73_two_that_together_are_too_much(sent, alice, settings):
    settings.PERSON_STORAGE_MB = 1
    assert sent(1) == [(202, None, False)]
    size = usage(alice).bytes
    Conversion.objects.filter(owner=alice).update(stored_bytes=(1 << 20) - size)
    assert sent(2) == [(202, None, False), (403, "quota_exceeded", False)]
    assert usage(alice).bytes == 1 << 20, "to the last byte"
    assert Conversion.objects.filter(owner=alice).count() == 2
