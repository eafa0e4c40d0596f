"""Workers and a person end the files of a batch at the same moment: the batch ends, once."""

import threading

import pytest
from django.db import connection

from conversions.batches.models import Batch
from conversions.models import Conversion
from tests.conversions.batches import SHORT, unpack_all
from webhooks.models import Delivery, Webhook

pytestmark = pytest.mark.django_db(transaction=True)
FILES = 6


def at_once(*actions):
    """Do these things in threads that begin together; what they raised."""
    barrier, raised = threading.Barrier(len(actions)), []

    def act(action):
        barrier.wait(10)
        try:
            action()
        except Exception as error:  # noqa: BLE001 - told to the test
            raised.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=act, args=(action,)) for action in actions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return raised


@pytest.mark.parametrize("cancelled", [False, True], ids=["finished", "finished and cancelled"])
def test_it_ends_once(send, alice, settings, cancelled):
    settings.WEBHOOKS = True
    Webhook.objects.create(owner=alice, url="https://files.example/hook")
    batch = send(*((f"{n}.wav", SHORT) for n in range(FILES)))
    unpack_all()
    jobs = [Conversion.objects.claim(row.pk) for row in batch.conversions.all()]
    actions = [job.finish for job in jobs]
    assert at_once(*actions, *([batch.cancel] if cancelled else [])) == []
    ended = Batch.objects.get()
    assert ended.ended_at is not None
    assert sum(ended.totals.counts[state] for state in ("done", "cancelled")) == FILES
    assert Delivery.objects.count() == 1
