"""A new SECRET_KEY, for people; what it does to jobs is told in test_operations."""

import pytest
from django.contrib.auth.models import User
from django.urls import reverse

from accounts.models import AccessToken

pytestmark = pytest.mark.django_db


def test_rotate_key_ends_sessions_and_keeps_tokens(client, api, settings):
    alice = User.objects.create_user("alice", password="a long enough secret")
    key = AccessToken.objects.issue(alice).key
    page = reverse("conversions:list")
    client.login(username="alice", password="a long enough secret")
    assert client.get(page).status_code == 200
    settings.SECRET_KEY = "another-key-0123456789-abcdefghijklmnopqrstuvwxyz-0123456789"
    assert client.get(page).status_code == 302
    assert api().get("/api/me/", headers={"Authorization": f"Token {key}"}).status_code == 200
