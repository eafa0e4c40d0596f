"""Queues that nobody could ever serve are named before anything starts."""

import pytest
from django.core.checks import run_checks

from jobs.checks import check_queues


def test_it_works():
    assert [message for message in run_checks() if message.id.startswith("jobs.")] == []


@pytest.mark.parametrize("change", [{"CONVERSION_QUEUE": "gpus"}, {"WORKER_QUEUES": ["cpu", "tpu"]}])
def test_queues_that_are_none_are_named(settings, change):
    for name, value in change.items():
        setattr(settings, name, value)
    assert [message.id for message in check_queues()] == ["jobs.E001"]
