"""Whoever signs in with a one-time password chooses their own before anything else."""

import pytest
from django.urls import reverse

from voiceproject.models import OneTimePassword

pytestmark = pytest.mark.django_db
OLD, NEW = "a long enough secret", "another long secret"
CHANGE = "/password/"


@pytest.fixture
def admin(client, staff):
    """Signed in with the password that was made up for them."""
    OneTimePassword.objects.give(staff)
    answer = client.post(reverse("login"), {"username": "staff", "password": OLD})
    assert answer.status_code == 302
    return client


def change(client, new=NEW):
    return client.post(CHANGE, {"old_password": OLD, "new_password1": new, "new_password2": new})


@pytest.mark.parametrize("address", ["/", "/conversions/", "/voices/add/", "/admin/", "/password/done/"])
def test_every_page_leads_to_the_one_where_it_is_changed(admin, address):
    answer = admin.get(address, follow=True)
    assert answer.redirect_chain[-1][0] == CHANGE
    assert "This is a one-time password. Choose your own first." in answer.content.decode()


def test_what_is_sent_meanwhile_does_nothing(admin):
    assert admin.post("/voices/add/", {}).url == CHANGE


def test_once_it_is_changed_all_is_open(admin):
    assert change(admin).url == "/password/done/"
    assert admin.get("/conversions/").status_code == 200
    assert admin.get("/admin/").status_code == 200


def test_the_same_password_is_no_change(admin):
    assert "This is the password you have" in change(admin, OLD).content.decode()
    assert admin.get("/conversions/").url == CHANGE


def test_one_can_leave(admin):
    assert admin.post("/logout/").url == "/login/"


def test_the_api_says_so(admin, api):
    for answer in (
        admin.get("/api/voices/"),
        api().post("/api/token/", {"username": "staff", "password": OLD}),
    ):
        assert answer.status_code == 403
        assert answer.json()["error"]["code"] == "forbidden"
        assert "done at /password/" in answer.json()["error"]["message"]
    change(admin)
    assert api().post("/api/token/", {"username": "staff", "password": NEW}).status_code == 200


def test_a_password_changed_by_anybody_is_none_of_ours(admin, staff):
    staff.set_password(NEW)
    staff.save()
    assert not OneTimePassword.objects.is_used_by(staff)


def test_other_people_cost_no_query(client, alice, django_assert_max_num_queries):
    client.force_login(alice)
    with django_assert_max_num_queries(3):  # the session, the person, and in which language they read
        client.get(CHANGE)
