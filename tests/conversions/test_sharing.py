"""Links to one result: who hears what through them, until when, and what they do not tell."""

import hashlib
import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Erasure, count_everything
from accounts.tasks import erase
from conversions.models import Conversion
from conversions.sharing import guessing
from conversions.sharing.models import MOST, ShareLink
from rvc.errors import RVCError

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _nobody_has_guessed():
    cache.clear()


@pytest.fixture
def done(done):
    """It has a name that nobody else is to see."""
    Conversion.objects.filter(pk=done.pk).update(source_name="Secret rehearsal.wav", voice_name="Unheard voice")
    done.refresh_from_db()
    return done


@pytest.fixture
def link(done):
    return ShareLink.objects.make(done, title="A song")


@pytest.fixture
def anybody():
    return Client()


def pages(link):
    return f"/s/{link.secret}/", f"/s/{link.secret}/sound/"


def statuses(link):
    return [Client().get(page).status_code for page in pages(link)]


class TestPublicPage:
    def test_it_works(self, link, done, anybody):
        page = anybody.get(pages(link)[0])
        assert page.status_code == 200
        words = page.content.decode()
        assert "A song</h1>" in words
        assert "A machine made this" in words
        sound = anybody.get(re.search(r'<audio[^>]*src="([^"]+)"', words)[1])
        assert (sound.status_code, sound["Content-Type"]) == (200, "audio/wav")
        assert b"".join(sound) == done.result.open().read()

    def test_it_tells_nothing_else(self, link, done, anybody):
        page, sound = (anybody.get(address) for address in pages(link))
        told = page.content.decode() + str(page.headers) + str(sound.headers)
        hidden = (str(done.pk), done.pk.hex, "rehearsal", "Unheard", done.owner.username, str(link.pk), "/source/")
        for secret in hidden:
            assert secret not in told
        assert 'filename="A song.wav"' in sound["Content-Disposition"]

    def test_without_a_title_it_does_not_fall_back_to_the_file_name(self, done, anybody):
        link = ShareLink.objects.make(done)
        page, sound = (anybody.get(address) for address in pages(link))
        assert "A shared sound" in page.content.decode()
        assert 'filename="sound.wav"' in sound["Content-Disposition"]

    def test_a_title_is_text(self, done, anybody):
        link = ShareLink.objects.make(done, title="<img src=x onerror=alert(1)>/../\n{{7*7}}")
        words = anybody.get(pages(link)[0]).content.decode()
        assert "<img src=x" not in words
        assert "49" not in link.title

    def test_no_search_engine_and_no_other_site_hears_of_it(self, link, anybody):
        for address in pages(link):
            answer = anybody.get(address)
            assert "noindex" in answer["X-Robots-Tag"]
            assert answer["Referrer-Policy"] == "no-referrer"
            assert "no-store" in answer["Cache-Control"]
        assert '<meta name="robots" content="noindex' in anybody.get(pages(link)[0]).content.decode()

    def test_ranges_are_answered(self, link, anybody):
        part = anybody.get(pages(link)[1], headers={"Range": "bytes=10-19"})
        assert (part.status_code, len(b"".join(part))) == (206, 10)

    def test_nothing_can_be_sent_to_it(self, link, anybody):
        assert [anybody.post(address).status_code for address in pages(link)] == [405, 405]


class TestItsEnd:
    def test_wrong_expired_withdrawn_and_locked_look_alike(self, done, anybody):
        expired, withdrawn, good = (ShareLink.objects.make(done) for _ in range(3))
        ShareLink.objects.filter(pk=expired.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
        assert withdrawn.withdraw()
        assert not withdrawn.withdraw()
        answers = [anybody.get(f"/s/{secret}/") for secret in (expired.secret, withdrawn.secret, "x" * 32)]
        assert {(answer.status_code, answer.content) for answer in answers} == {(404, answers[0].content)}
        assert statuses(good) == [200, 200]
        done.owner.is_active = False
        done.owner.save()
        assert statuses(good) == [404, 404]

    def test_it_goes_with_the_conversion(self, link, done):
        done.delete()
        assert statuses(link) == [404, 404]
        assert not ShareLink.objects.exists()

    def test_it_goes_with_the_account(self, link, done):
        done.owner.delete()
        assert statuses(link) == [404, 404]

    def test_it_is_part_of_what_a_person_has_and_is_erased_with_it(self, link, alice):
        assert count_everything(alice)["share links"] == 1
        assert erase(str(Erasure.objects.submit(alice).pk))
        assert count_everything(alice)["share links"] == 0
        assert statuses(link) == [404, 404]

    def test_listening_is_not_the_download_after_which_it_goes(self, link, done, anybody):
        Conversion.objects.filter(pk=done.pk).update(delete_after_download=True)
        b"".join(anybody.get(pages(link)[1]))
        done.refresh_from_db()
        assert (done.delivered, done.downloaded_at) == (0, None)


class TestCount:
    def test_who_begins_to_listen_counts_once(self, link, anybody):
        sound = pages(link)[1]
        for wanted in ("bytes=0-1", "bytes=0-", "bytes=100-200"):  # as a player asks that looks before it plays
            b"".join(anybody.get(sound, headers={"Range": wanted}))
        anybody.head(sound)
        anybody.get(pages(link)[0])
        link.refresh_from_db()
        assert link.heard == 1
        assert link.heard_at is not None


class TestGuessing:
    def test_who_guesses_is_slowed_down(self, link, anybody):
        for number in range(guessing.MISSES):
            assert anybody.get(f"/s/guess{number}/").status_code == 404
        refused = anybody.get(pages(link)[0])
        assert refused.status_code == 429
        assert int(refused["Retry-After"]) > 0
        assert anybody.get(pages(link)[0], REMOTE_ADDR="203.0.113.9").status_code == 200

    def test_what_works_is_not_counted(self, link, anybody):
        for _ in range(guessing.MISSES + 1):
            assert anybody.get(pages(link)[0]).status_code == 200

    def test_the_secret_is_kept_nowhere(self, link):
        kept = str(list(ShareLink.objects.values()))
        assert link.secret not in kept
        assert hashlib.sha256(link.secret.encode()).hexdigest() in kept
        assert ShareLink.objects.get(pk=link.pk).secret == ""


class TestOwnersPage:
    def make(self, client, done, **said):
        return client.post(f"/conversions/{done.pk}/links/", {"title": "For Bob", "days": "30", **said})

    def test_it_makes_one_and_shows_it_once(self, client, done, alice):
        client.force_login(alice)
        page = self.make(client, done)
        address = re.search(r'value="(http://testserver/s/[^"]+)"', page.content.decode())[1]
        assert Client().get(address).status_code == 200
        made = ShareLink.objects.get()
        assert abs(made.expires_at - timezone.now() - timedelta(days=30)) < timedelta(minutes=1)
        assert address not in client.get(f"/conversions/{done.pk}/links/").content.decode()
        assert "For Bob" in client.get(f"/conversions/{done.pk}/links/").content.decode()

    def test_it_withdraws(self, client, done, alice, link):
        client.force_login(alice)
        client.post(f"/conversions/{done.pk}/links/{link.pk}/withdraw/")
        assert statuses(link) == [404, 404]
        assert "Withdrawn" in client.get(f"/conversions/{done.pk}/links/").content.decode()

    def test_a_stranger_can_neither_make_nor_withdraw(self, client, done, bob, link):
        client.force_login(bob)
        assert self.make(client, done).status_code == 404
        assert client.post(f"/conversions/{done.pk}/links/{link.pk}/withdraw/").status_code == 404
        assert statuses(link) == [200, 200]

    def test_it_refuses_other_days(self, client, done, alice):
        client.force_login(alice)
        assert self.make(client, done, days="365").status_code == 422
        assert not ShareLink.objects.exists()

    def test_what_has_no_result_cannot_be_shared(self, client, conversion, alice):
        client.force_login(alice)
        page = self.make(client, conversion)
        assert page.status_code == 422
        assert "There is no result yet" in page.content.decode()

    def test_the_page_of_the_result_leads_there(self, client, done, alice, link):
        client.force_login(alice)
        words = client.get(f"/conversions/{done.pk}/").content.decode()
        assert f'href="/conversions/{done.pk}/links/"' in words
        assert "1 link to this result works." in words


class TestAPI:
    def address(self, done):
        return f"/api/conversions/{done.pk}/links/"

    def test_it_works(self, api, alice, done):
        made = api(alice).post(self.address(done), {"title": "Demo", "days": 1}, format="json")
        assert made.status_code == 201
        assert made["Cache-Control"] == "no-store"
        assert Client().get(made.json()["url"]).status_code == 200
        shown = api(alice).get(made["Location"]).json()
        assert "url" not in shown
        assert (shown["title"], shown["works"], shown["heard"]) == ("Demo", True, 0)
        [listed] = api(alice).get(self.address(done)).json()["results"]
        assert listed == shown
        assert api(alice).delete(made["Location"]).status_code == 204
        assert Client().get(made.json()["url"]).status_code == 404
        assert api(alice).get(made["Location"]).json()["works"] is False

    def test_it_is_seven_days_by_itself(self, api, alice, done):
        made = api(alice).post(self.address(done), {}, format="json").json()
        assert made["expires_at"][:10] == (timezone.now() + timedelta(days=7)).isoformat()[:10]

    @pytest.mark.parametrize(
        ("said", "field"), [({"days": 2}, "days"), ({"title": "x" * 81}, "title"), ({"a": 1}, "a")]
    )
    def test_it_names_the_field_that_is_wrong(self, said, field, api, alice, done):
        refused = api(alice).post(self.address(done), said, format="json")
        assert (refused.status_code, refused.json()["error"]["field"]) == (400, field)

    def test_what_has_no_result_cannot_be_shared(self, api, alice, conversion):
        refused = api(alice).post(self.address(conversion), {}, format="json")
        assert (refused.status_code, refused.json()["error"]["code"]) == (422, "nothing_to_share")

    def test_there_is_an_end_to_it(self, done):
        expires_at = timezone.now() + timedelta(days=1)
        rows = [ShareLink(conversion=done, owner=done.owner, digest=f"{n}", expires_at=expires_at) for n in range(MOST)]
        ShareLink.objects.bulk_create(rows)
        with pytest.raises(RVCError) as refused:
            ShareLink.objects.make(done)
        assert refused.value.code == "quota_exceeded"


class TestAdmin:
    def test_staff_see_and_withdraw_but_change_nothing(self, client, link, done, django_user_model):
        staff = django_user_model.objects.create_user("carol", is_staff=True)
        allowed = ("view_sharelink", "change_sharelink", "view_conversion")
        staff.user_permissions.set(Permission.objects.filter(codename__in=allowed))
        client.force_login(staff)
        listed = reverse("admin:conversions_sharelink_changelist")
        assert "A song" in client.get(listed).content.decode()
        shown = client.get(reverse("admin:conversions_sharelink_change", args=[link.pk])).content.decode()
        assert link.digest not in shown
        assert 'name="title"' not in shown
        client.post(listed, {"action": "withdraw", "_selected_action": [str(link.pk)]})
        assert statuses(link) == [404, 404]
