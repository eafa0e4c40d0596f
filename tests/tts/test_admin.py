import pytest

from tests import base
from tts.models import Speech

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("own_folder")]
LIST = "/admin/tts/speech/"


@pytest.fixture
def spoken(submit):
    conversion = submit("A text <b>of</b> Alice's.").conversion
    for file in (conversion.source, conversion.result):
        file.save("x.wav", base.upload(base.tone(0.1)), save=False)
    conversion.save()
    return Speech.objects.get()


def test_staff_read_and_listen(client, staff, spoken):
    client.force_login(staff)
    page = client.get(LIST, {"q": "Alice's"}).content.decode()
    assert "A text b of b Alice" not in page
    assert page.count("<audio") == 2
    page = client.get(f"{LIST}{spoken.pk}/change/").content.decode()
    assert "A text &lt;b&gt;of&lt;/b&gt; Alice&#x27;s." in page
    assert f"/admin/conversions/conversion/{spoken.pk}/change/" in page
    assert client.get(f"{LIST}{spoken.pk}/delete/").status_code == 403


def test_people_do_not(client, alice, spoken):
    client.force_login(alice)
    assert client.get(LIST).status_code == 302
