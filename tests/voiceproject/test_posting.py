"""Something is sent: the same rule about where to, and nothing that follows a redirect."""

import pytest

from voiceproject.addresses import AddressError

URL = "https://files.example/hook"


@pytest.fixture
def post(network):
    def post(url=URL, body=b"news", **headers):
        with network.fetcher().visit().post(url, body, headers) as reply:
            return reply.status

    return post


def test_it_works(network, post):
    network["files"].routes["/hook"] = lambda handler: handler.answer(204)
    assert post(body=b"one\x00two", Topic="voices") == 204
    [(path, headers)] = network["files"].seen
    assert (path, headers["Host"], headers["Topic"], headers["Content-Length"]) == (
        "/hook",
        "files.example",
        "voices",
        "7",
    )
    assert network["files"].received == [b"one\x00two"]


def test_nothing_follows_a_redirect(network, post):
    network["files"].routes["/hook"] = lambda handler: handler.answer(307, Location="https://cdn.example/hook")
    assert post() == 307
    assert network["cdn"].seen == []


def test_a_name_that_leads_inside(network, post):
    network.answers["files.example"] = ["93.184.216.34", "10.0.0.1"]
    with pytest.raises(AddressError) as refused:
        post()
    assert refused.value.code == "url_not_allowed"
    assert network.canary.visits == 0


def test_plain_http_is_not_taken(network, post):
    with pytest.raises(AddressError):
        post("http://plain.example/hook")
    assert network.connected == []


def test_silence(network, post):
    import time

    network["files"].routes["/hook"] = lambda handler: time.sleep(2)
    with pytest.raises(AddressError) as failed:
        post()
    assert failed.value.code == "upstream"
