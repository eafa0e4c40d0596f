"""Who gets what answer at every address: nobody, a stranger, the owner, staff. A new route needs a line here."""

import re
import uuid
from contextlib import contextmanager
from dataclasses import asdict

import pytest
from django.conf import settings
from django.core.cache import cache
from django.db import transaction
from django.test import Client
from django.urls import get_resolver, resolve

from accounts.models import AccessToken
from accounts.tokens.scopes import ROUTES, Scope, scope_for
from conversions.batches.models import Batch
from conversions.models import Conversion, Preset, Upload
from conversions.sharing.models import ShareLink
from conversions.sweeps.grid import Axis
from conversions.sweeps.models import Sweep
from models_app.models import VoiceImport
from rvc.options import ConversionOptions
from tests import base
from tts.models import Speech
from tts.wishes import Wish
from voiceproject.errors import API_PATHS
from webhooks.models import Webhook

pytestmark = pytest.mark.django_db

LOGIN = "login"
# method, address, nobody, stranger, owner, staff. {voice}, {done}, {batch} and {imported} are alice's.
TABLE = [
    ("get", "/", LOGIN, 200, 200, 200),
    ("post", "/", LOGIN, 422, 422, 422),
    ("get", "/studio/voices/", LOGIN, 302, 302, 302),
    ("get", "/speak/", LOGIN, 302, 302, 302),
    ("get", "/login/", 200, 302, 302, 302),
    ("post", "/logout/", 302, 302, 302, 302),
    ("get", "/password/", LOGIN, 200, 200, 200),
    ("get", "/password/done/", LOGIN, 200, 200, 200),
    ("get", "/account/", LOGIN, 200, 200, 200),
    ("post", "/account/language/", 302, 302, 302, 302),
    ("post", "/account/look/", LOGIN, 302, 302, 302),
    ("post", "/account/defaults/", LOGIN, 302, 302, 302),
    ("post", "/account/keeping/", LOGIN, 422, 422, 422),
    ("get", "/account/erase/", LOGIN, 200, 200, 200),
    ("post", "/account/erase/", LOGIN, 422, 422, 422),
    ("get", "/account/tokens/", LOGIN, 200, 200, 200),
    ("post", "/account/tokens/", LOGIN, 422, 422, 422),
    ("post", "/account/tokens/{token}/revoke/", LOGIN, 404, 302, 404),
    ("get", "/voices/", LOGIN, 200, 200, 200),
    ("get", "/voices/add/", LOGIN, 200, 200, 200),
    ("get", "/voices/{voice}/", LOGIN, 404, 200, 404),
    ("get", "/voices/blend/", LOGIN, 200, 200, 200),
    ("get", "/voices/named/{slug}/", LOGIN, 404, 302, 404),
    ("get", "/voices/{voice}/edit/", LOGIN, 404, 200, 404),
    ("post", "/voices/{voice}/edit/", LOGIN, 404, 422, 404),
    ("get", "/voices/{voice}/share/", LOGIN, 404, 200, 404),
    ("post", "/voices/{voice}/share/", LOGIN, 404, 422, 404),
    ("get", "/voices/{voice}/cover/", LOGIN, 404, 200, 200),
    ("post", "/voices/{voice}/index/", LOGIN, 404, 422, 404),
    ("post", "/voices/{voice}/check/", LOGIN, 404, 302, 404),
    ("post", "/voices/{voice}/favourite/", LOGIN, 404, 302, 404),
    ("get", "/voices/{voice}/delete/", LOGIN, 404, 200, 404),
    ("post", "/voices/{voice}/delete/", LOGIN, 404, 302, 404),
    ("post", "/voices/{voice}/fetch/", LOGIN, 404, 404, 302),
    ("get", "/voices/{voice}/preview/", LOGIN, 404, 200, 200),
    ("get", "/voices/{voice}/export/pth/", LOGIN, 404, 200, 200),
    ("get", "/voices/{voice}/export/safetensors/", LOGIN, 404, 200, 200),
    ("get", "/voices/{voice}/export/onnx/", LOGIN, 404, 200, 200),
    ("get", "/voices/{voice}/export/index/", LOGIN, 404, 200, 200),
    ("get", "/voices/import/", LOGIN, 200, 200, 200),
    ("post", "/voices/import/", LOGIN, 422, 422, 422),
    ("get", "/voices/import/{imported}/", LOGIN, 404, 200, 404),
    ("get", "/voices/import/{imported}/status/", LOGIN, 404, 302, 404),
    ("post", "/voices/import/{imported}/cancel/", LOGIN, 404, 302, 404),
    ("post", "/voices/import/{imported}/retry/", LOGIN, 404, 302, 404),
    ("post", "/voices/import/{imported}/delete/", LOGIN, 404, 302, 404),
    ("get", "/conversions/", LOGIN, 200, 200, 200),
    ("get", "/history/states/", LOGIN, 200, 200, 200),
    ("post", "/history/chosen/", LOGIN, 302, 302, 302),
    ("get", "/history/batches/{batch}/", LOGIN, 404, 200, 404),
    ("get", "/conversions/{done}/", LOGIN, 404, 200, 404),
    ("get", "/conversions/{done}/status/", LOGIN, 404, 302, 404),
    ("post", "/conversions/{done}/cancel/", LOGIN, 404, 302, 404),
    ("get", "/conversions/{done}/delete/", LOGIN, 404, 200, 404),
    ("post", "/conversions/{done}/delete/", LOGIN, 404, 302, 404),
    ("get", "/conversions/{done}/source/", LOGIN, 404, 200, 200),
    ("get", "/conversions/{done}/result/", LOGIN, 404, 200, 200),
    ("get", "/conversions/{done}/pieces/{number}/", LOGIN, 404, 404, 404),
    ("get", "/conversions/{done}/stream/", LOGIN, 404, 200, 200),
    ("get", "/conversions/{done}/picture/", LOGIN, 404, 404, 404),
    ("get", "/conversions/{done}/links/", LOGIN, 404, 200, 404),
    ("post", "/conversions/{done}/links/", LOGIN, 404, 422, 404),
    ("post", "/conversions/{done}/links/{link}/withdraw/", LOGIN, 404, 302, 404),
    ("get", "/conversions/{done}/compare/", LOGIN, 404, 200, 404),
    ("post", "/conversions/{done}/compare/", LOGIN, 404, 422, 404),
    ("get", "/conversions/sweeps/{sweep}/", LOGIN, 404, 200, 404),
    ("get", "/conversions/sweeps/{sweep}/status/", LOGIN, 404, 302, 404),
    ("post", "/conversions/sweeps/{sweep}/cancel/", LOGIN, 404, 302, 404),
    ("get", "/conversions/sweeps/{sweep}/delete/", LOGIN, 404, 200, 404),
    ("post", "/conversions/sweeps/{sweep}/delete/", LOGIN, 404, 302, 404),
    ("get", "/conversions/sweeps/{sweep}/cells/{cell}/", LOGIN, 404, 200, 404),
    ("post", "/conversions/sweeps/{sweep}/cells/{cell}/take/", LOGIN, 404, 302, 404),
    ("get", "/s/{secret}/", 200, 200, 200, 200),
    ("get", "/s/{secret}/sound/", 200, 200, 200, 200),
    ("get", "/s/{nothing}/", 404, 404, 404, 404),
    ("get", "/s/{nothing}/sound/", 404, 404, 404, 404),
    ("post", "/api/token/", 400, 400, 400, 400),
    ("get", "/api/me/", 401, 200, 200, 200),
    ("patch", "/api/me/", 401, 200, 200, 200),
    ("get", "/api/me/data/", 401, 200, 200, 200),
    ("delete", "/api/me/data/", 401, 400, 400, 400),
    ("get", "/api/usage/", 401, 200, 200, 200),
    ("get", "/api/tokens/", 401, 200, 200, 200),
    ("post", "/api/tokens/", 401, 400, 400, 400),
    ("get", "/api/tokens/{token}/", 401, 404, 200, 404),
    ("delete", "/api/tokens/{token}/", 401, 404, 204, 404),
    ("get", "/api/schema/", 200, 200, 200, 200),
    ("get", "/api/docs/", 200, 200, 200, 200),
    ("get", "/api/assets/", 401, 200, 200, 200),
    ("post", "/api/assets/{asset}/fetch/", 401, 403, 403, 202),
    ("get", "/api/voices/", 401, 200, 200, 200),
    ("post", "/api/voices/", 401, 400, 400, 400),
    ("get", "/api/voices/{voice}/", 401, 404, 200, 404),
    ("patch", "/api/voices/{voice}/", 401, 404, 200, 404),
    ("delete", "/api/voices/{voice}/", 401, 404, 204, 404),
    ("get", "/api/voices/{voice}/preview/", 401, 404, 200, 404),
    ("post", "/api/voices/{voice}/check/", 401, 404, 202, 404),
    ("get", "/api/voices/{voice}/events/", 401, 404, 200, 404),
    ("put", "/api/voices/{voice}/favourite/", 401, 404, 204, 404),
    ("delete", "/api/voices/{voice}/favourite/", 401, 404, 204, 404),
    ("get", "/api/voices/{voice}/cover/", 401, 404, 200, 404),
    ("put", "/api/voices/{voice}/cover/", 401, 404, 400, 404),
    ("delete", "/api/voices/{voice}/cover/", 401, 404, 204, 404),
    ("put", "/api/voices/{voice}/index/", 401, 404, 400, 404),
    ("delete", "/api/voices/{voice}/index/", 401, 404, 204, 404),
    ("post", "/api/voices/blend/", 401, 400, 400, 400),
    ("get", "/api/voices/{voice}/export/pth/", 401, 404, 200, 200),
    ("get", "/api/voices/{voice}/export/safetensors/", 401, 404, 200, 200),
    ("get", "/api/voices/{voice}/export/onnx/", 401, 404, 200, 200),
    ("get", "/api/voices/{voice}/export/index/", 401, 404, 200, 200),
    ("get", "/api/imports/", 401, 200, 200, 200),
    ("post", "/api/imports/", 401, 400, 400, 400),
    ("get", "/api/imports/{imported}/", 401, 404, 200, 404),
    ("post", "/api/imports/{imported}/cancel/", 401, 404, 409, 404),
    ("post", "/api/imports/{imported}/retry/", 401, 404, 409, 404),
    ("delete", "/api/imports/{imported}/", 401, 404, 204, 404),
    ("get", "/api/conversions/", 401, 200, 200, 200),
    ("post", "/api/conversions/", 401, 400, 400, 400),
    ("get", "/api/conversions/{done}/", 401, 404, 200, 404),
    ("delete", "/api/conversions/{done}/", 401, 404, 204, 404),
    ("post", "/api/conversions/{done}/again/", 401, 404, 202, 404),
    ("post", "/api/conversions/{done}/cancel/", 401, 404, 409, 404),
    ("post", "/api/conversions/{done}/retry/", 401, 404, 409, 404),
    ("get", "/api/conversions/{done}/source/", 401, 404, 200, 404),
    ("get", "/api/conversions/{done}/result/", 401, 404, 200, 404),
    ("get", "/api/conversions/{done}/stream/", 401, 404, 200, 404),
    ("get", "/api/conversions/{done}/picture/", 401, 404, 404, 404),
    ("get", "/api/conversions/{done}/events/", 401, 404, 200, 404),
    ("get", "/api/sweeps/", 401, 200, 200, 200),
    ("post", "/api/sweeps/", 401, 415, 415, 415),
    ("get", "/api/sweeps/{sweep}/", 401, 404, 200, 404),
    ("delete", "/api/sweeps/{sweep}/", 401, 404, 204, 404),
    ("post", "/api/sweeps/{sweep}/cancel/", 401, 404, 200, 404),
    ("get", "/api/sweeps/{sweep}/cells/{cell}/", 401, 404, 200, 404),
    ("get", "/api/conversions/{done}/links/", 401, 404, 200, 404),
    ("post", "/api/conversions/{done}/links/", 401, 404, 201, 404),
    ("get", "/api/conversions/{done}/links/{link}/", 401, 404, 200, 404),
    ("delete", "/api/conversions/{done}/links/{link}/", 401, 404, 204, 404),
    ("get", "/conversions/batches/{batch}/", LOGIN, 404, 200, 404),
    ("get", "/conversions/batches/{batch}/status/", LOGIN, 404, 302, 404),
    ("post", "/conversions/batches/{batch}/cancel/", LOGIN, 404, 302, 404),
    ("post", "/conversions/batches/{batch}/retry/", LOGIN, 404, 302, 404),
    ("get", "/conversions/batches/{batch}/delete/", LOGIN, 404, 200, 404),
    ("post", "/conversions/batches/{batch}/delete/", LOGIN, 404, 302, 404),
    ("get", "/conversions/batches/{batch}/zip/", LOGIN, 404, 200, 404),
    ("get", "/api/presets/", 401, 200, 200, 200),
    ("post", "/api/presets/", 401, 400, 400, 400),
    ("get", "/api/presets/{preset}/", 401, 404, 200, 404),
    ("patch", "/api/presets/{preset}/", 401, 404, 200, 404),
    ("delete", "/api/presets/{preset}/", 401, 404, 204, 404),
    ("get", "/api/batches/", 401, 200, 200, 200),
    ("post", "/api/batches/", 401, 400, 400, 400),
    ("get", "/api/batches/{batch}/", 401, 404, 200, 404),
    ("delete", "/api/batches/{batch}/", 401, 404, 204, 404),
    ("post", "/api/batches/{batch}/files/", 401, 404, 400, 404),
    ("post", "/api/batches/{batch}/cancel/", 401, 404, 409, 404),
    ("post", "/api/batches/{batch}/retry/", 401, 404, 409, 404),
    ("get", "/api/batches/{batch}/zip/", 401, 404, 200, 404),
    ("get", "/api/uploads/", 401, 200, 200, 200),
    ("post", "/api/uploads/", 401, 400, 400, 400),
    ("get", "/api/uploads/{upload}/", 401, 404, 200, 404),
    ("delete", "/api/uploads/{upload}/", 401, 404, 204, 404),
    ("post", "/api/process", 401, 400, 400, 400),
    ("get", "/api/download/{filename}", 401, 404, 200, 404),
    ("get", "/speak/sample/", LOGIN, 404, 404, 404),
    ("post", "/api/text-to-speech", 401, 400, 400, 400),
    ("get", "/api/speeches/", 401, 200, 200, 200),
    ("post", "/api/speeches/", 401, 400, 400, 400),
    ("post", "/api/speeches/documents/", 401, 400, 400, 400),
    ("get", "/api/speeches/{speech}/", 401, 404, 200, 404),
    ("delete", "/api/speeches/{speech}/", 401, 404, 204, 404),
    ("get", "/api/engines/", 401, 200, 200, 200),
    ("post", "/v1/audio/speech", 401, 415, 415, 415),
    ("get", "/v1/models", 401, 200, 200, 200),
    ("get", "/v1/models/{model}", 401, 200, 200, 200),
    ("post", "/v1/text-to-speech/{voice}", 401, 415, 415, 415),
    ("post", "/v1/text-to-speech/{voice}/stream", 401, 415, 415, 415),
    ("post", "/v1/text-to-speech/{voice}/with-timestamps", 401, 400, 400, 400),
    ("post", "/v1/text-to-speech/{voice}/stream/with-timestamps", 401, 400, 400, 400),
    ("post", "/v1/speech-to-speech/{voice}", 401, 404, 422, 404),
    ("post", "/v1/speech-to-speech/{voice}/stream", 401, 404, 422, 404),
    ("post", "/v1/voice-changer/{voice}", 401, 404, 422, 404),
    ("post", "/v1/voice-changer/{voice}/stream", 401, 404, 422, 404),
    ("get", "/v1/voices", 401, 200, 200, 200),
    ("get", "/v2/voices", 401, 200, 200, 200),
    ("post", "/v1/voices/add", 401, 400, 400, 400),
    ("get", "/v1/voices/settings/default", 401, 200, 200, 200),
    ("get", "/v1/voices/{voice}", 401, 404, 200, 404),
    ("delete", "/v1/voices/{voice}", 401, 404, 200, 404),
    ("get", "/v1/voices/{voice}/settings", 401, 404, 200, 404),
    ("get", "/v1/history", 401, 200, 200, 200),
    ("get", "/v1/history/{done}", 401, 404, 200, 404),
    ("delete", "/v1/history/{done}", 401, 404, 200, 404),
    ("get", "/v1/history/{done}/audio", 401, 404, 200, 404),
    ("get", "/v1/user", 401, 200, 200, 200),
    ("get", "/v1/user/subscription", 401, 200, 200, 200),
    ("get", "/v1/{nothing}", 404, 404, 404, 404),
    ("get", "/webhooks/", LOGIN, 200, 200, 200),
    ("post", "/webhooks/", LOGIN, 422, 422, 422),
    ("post", "/webhooks/{webhook}/on/", LOGIN, 404, 302, 404),
    ("post", "/webhooks/{webhook}/delete/", LOGIN, 404, 302, 404),
    ("get", "/api/webhooks/", 401, 200, 200, 200),
    ("post", "/api/webhooks/", 401, 400, 400, 400),
    ("get", "/api/webhooks/{webhook}/", 401, 404, 200, 404),
    ("delete", "/api/webhooks/{webhook}/", 401, 404, 204, 404),
    ("post", "/api/webhooks/{webhook}/on/", 401, 404, 200, 404),
    ("get", "/api/webhooks/{webhook}/deliveries/", 401, 404, 200, 404),
    ("get", "/readyz", 503, 503, 503, 503),  # no worker
    ("get", "/metrics", 404, 404, 404, 200),
    ("get", f"/{settings.ADMIN_PATH}", 302, 302, 302, 200),
    ("get", f"/{settings.ADMIN_PATH}models_app/voicemodel/", 302, 302, 302, 200),
    ("get", f"/{settings.ADMIN_PATH}models_app/assetfetch/", 302, 302, 302, 200),
    ("get", f"/{settings.ADMIN_PATH}models_app/voicemodel/add/", 302, 302, 302, 200),
    ("get", f"/{settings.ADMIN_PATH}models_app/voicemodel/{{voice}}/change/", 302, 302, 302, 200),
    ("get", f"/{settings.ADMIN_PATH}models_app/voiceimport/", 302, 302, 302, 200),
    ("get", f"/{settings.ADMIN_PATH}models_app/voiceimport/add/", 302, 302, 302, 403),
    ("get", f"/{settings.ADMIN_PATH}models_app/voiceimport/{{imported}}/change/", 302, 302, 302, 200),
    ("get", f"/{settings.ADMIN_PATH}models_app/voiceevent/", 302, 302, 302, 200),
    ("get", f"/{settings.ADMIN_PATH}models_app/voiceevent/add/", 302, 302, 302, 403),
    ("get", f"/{settings.ADMIN_PATH}accounts/accesstoken/", 302, 302, 302, 200),
    ("get", f"/{settings.ADMIN_PATH}accounts/accesstoken/add/", 302, 302, 302, 403),
    ("get", f"/{settings.ADMIN_PATH}authtoken/tokenproxy/", 302, 302, 302, 404),
    ("get", f"/{settings.ADMIN_PATH}conversions/conversion/", 302, 302, 302, 200),
    ("get", f"/{settings.ADMIN_PATH}conversions/conversion/add/", 302, 302, 302, 403),
    ("get", f"/{settings.ADMIN_PATH}conversions/conversion/{{done}}/change/", 302, 302, 302, 200),
    ("get", f"/{settings.ADMIN_PATH}conversions/sweep/", 302, 302, 302, 200),
    ("get", f"/{settings.ADMIN_PATH}conversions/sweep/add/", 302, 302, 302, 403),
    ("get", f"/{settings.ADMIN_PATH}conversions/sweep/{{sweep}}/change/", 302, 302, 302, 200),
    ("get", f"/{settings.ADMIN_PATH}conversions/sharelink/", 302, 302, 302, 200),
    ("get", f"/{settings.ADMIN_PATH}conversions/sharelink/add/", 302, 302, 302, 403),
    ("get", f"/{settings.ADMIN_PATH}conversions/sharelink/{{link}}/change/", 302, 302, 302, 200),
    ("get", f"/{settings.ADMIN_PATH}conversions/batch/", 302, 302, 302, 200),
    ("get", f"/{settings.ADMIN_PATH}conversions/batch/add/", 302, 302, 302, 403),
    ("get", f"/{settings.ADMIN_PATH}conversions/batch/{{batch}}/change/", 302, 302, 302, 200),
    ("get", f"/{settings.ADMIN_PATH}monitoring/dashboard/", 302, 302, 302, 200),
    ("get", f"/{settings.ADMIN_PATH}monitoring/dashboard/add/", 302, 302, 302, 403),
    ("get", f"/{settings.ADMIN_PATH}webhooks/webhook/", 302, 302, 302, 200),
    ("get", f"/{settings.ADMIN_PATH}webhooks/webhook/add/", 302, 302, 302, 403),
    ("get", f"/{settings.ADMIN_PATH}django_q/schedule/", 302, 302, 302, 404),
    ("get", f"/{settings.ADMIN_PATH}django_q/ormq/", 302, 302, 302, 404),
    ("get", f"/{settings.ADMIN_PATH}django_q/success/", 302, 302, 302, 404),
    ("get", f"/{settings.ADMIN_PATH}django_q/failure/", 302, 302, 302, 404),
]
CLIENTS = {"model": "rvc", "nothing": "nothing"}
ROLES = ("nobody", "bob", "alice", "staff")


@pytest.fixture(autouse=True)
def _fresh(own_folder):
    cache.clear()


@pytest.fixture
def done(voice, alice):
    """A conversion of alice's that has ended, with a voice that has its preview and its picture."""
    voice.preview.save("preview.mp3", base.upload(base.tone(0.2)))
    voice.show_cover(alice, b"a picture")
    conversion = Conversion.objects.submit(alice, voice, base.upload(base.tone()), ConversionOptions())
    conversion.result.save("result", base.upload(base.tone(0.2)), save=False)
    Conversion.objects.filter(pk=conversion.pk).update(state="done", result=conversion.result.name)
    return conversion


@pytest.fixture
def imported(voice, alice):
    """An import of alice's that has ended."""
    return VoiceImport.objects.create(owner=alice, url="https://files.example/a.pth", state="done", voice=voice)


@pytest.fixture
def batch(done):
    """A batch of alice's that has ended, with one conversion."""
    wish = {"voice": done.voice, "voice_name": done.voice_name, "options": asdict(ConversionOptions())}
    batch = Batch.objects.create(owner=done.owner, name="Songs", size=1, **wish)
    Conversion.objects.filter(pk=done.pk).update(batch=batch)
    return batch


@pytest.fixture
def keys(voice, done, batch, imported, alice):
    """What stands for the words in braces."""
    webhook = Webhook.objects.create(owner=alice, url="https://files.example/hook")
    things = {"voice": voice, "done": done, "batch": batch, "imported": imported, "webhook": webhook}
    speech = Speech.objects.submit(alice, voice, Wish("Hello."), ConversionOptions())
    speech.conversion.cancel()
    things["speech"] = speech
    things["preset"] = Preset.objects.keep(alice, "Deep", {"pitch_shift": -4})
    things["token"] = AccessToken.objects.issue(alice)
    ended = Conversion.objects.get(pk=done.pk)
    things["link"] = ShareLink.objects.make(ended)
    things["sweep"] = sweep = Sweep.objects.submit(ended, [Axis("pitch_shift", (0, 12))], start=0, seconds=1)
    cell = sweep.cells.get(position=0)
    cell.result.save("cell", base.upload(base.tone(0.2)))
    things["upload"] = Upload.objects.keep(alice, base.upload(base.tone()))
    return (
        {name: thing.pk for name, thing in things.items()}
        | {"secret": things["link"].secret, "cell": 1}
        | {"asset": "crepe-tiny", "number": 0, "slug": voice.slug, "filename": f"{done.pk.hex}.wav"}
        | CLIENTS
    )


@pytest.mark.parametrize("role", ROLES)
def test_everybody_gets_the_answer_of_the_table(role, request, voice, keys, subtests):
    users = {name: request.getfixturevalue(name) for name in ROLES[1:]}
    for method, address, *answers in TABLE:
        client = Client()
        wanted = answers[ROLES.index(role)]
        path = address.format(**keys)
        with subtests.test(f"{role} {method} {path}"), rolled_back():
            if role != "nobody":
                client.force_login(users[role])
            answer = getattr(client, method)(path, **json_for(method))
            assert answer.status_code == (302 if wanted == LOGIN else wanted)
            if wanted == LOGIN:
                assert answer["Location"].startswith("/login/?next=")
            b"".join(answer)  # a stream is read, which closes its file


@contextmanager
def rolled_back():
    """Each line starts from the same rows: what one of them deletes comes back."""
    point = transaction.savepoint()
    yield
    transaction.savepoint_rollback(point)


def json_for(method):
    return {"content_type": "application/json", "data": "{}"} if method == "patch" else {}


@pytest.mark.parametrize("role", ["bob", "staff"])
def test_a_stranger_cannot_tell_hidden_from_missing(role, request, api, keys):
    client = api(request.getfixturevalue(role))
    for kind, name in (("voices", "voice"), ("conversions", "done"), ("batches", "batch"), ("imports", "imported")):
        key = keys[name]
        hidden, missing = client.get(f"/api/{kind}/{key}/"), client.get(f"/api/{kind}/{uuid.uuid4()}/")
        assert (hidden.status_code, hidden.content) == (missing.status_code, missing.content)


OPEN = ("/api/token/", "/v1/{nothing}")
CALLS = [(method, address, owner) for method, address, _, _, owner, _ in TABLE if address.startswith(API_PATHS)]


@pytest.mark.parametrize("scope", list(Scope))
def test_a_token_gets_the_answer_of_the_table_with_its_scope_and_none_without(scope, alice, keys, subtests):
    own = AccessToken.objects.issue(alice, scopes=[scope]).key
    others = AccessToken.objects.issue(alice, scopes=set(Scope) - {scope}).key
    for method, address, owner in CALLS:
        path = address.format(**keys)
        if address in OPEN or scope_for(resolve(path).url_name, method.upper()) != scope:
            continue
        with subtests.test(f"{method} {path}"):
            for key, wanted in ((own, owner), (others, 403)):
                with rolled_back():
                    ask = getattr(Client(headers={"Authorization": f"Bearer {key}"}), method)
                    answer = ask(path, **json_for(method))
                    assert answer.status_code == wanted
                    b"".join(answer)


def test_every_call_asks_for_a_scope(keys):
    asked = {(resolve(address.format(**keys)).url_name, method.upper()) for method, address, _ in CALLS}
    unnamed = {call for call in asked if scope_for(*call) is None} - {("sign-in", "POST"), ("client-nothing", "GET")}
    assert unnamed == set(), "add these to accounts/tokens/scopes.py"
    assert set(ROUTES) - {name for name, _ in asked} == set(), "these have no line in the table"


def test_every_route_has_a_line():
    lines = [address.split("?")[0].lstrip("/") for _, address, *_ in TABLE]
    known = {re.sub("{[a-z]+}", "ID", line) for line in lines}
    unknown = {route for route in routes() if route not in known}
    assert unknown == set(), "add these routes to the table"


def routes():
    """Every address of ours, with ids as ID; the admin and health checks are told elsewhere."""
    for pattern in walk(get_resolver().url_patterns):
        if pattern.startswith((settings.ADMIN_PATH, "healthz", "static/")):
            continue
        plain = re.sub(r"<[^>]*>|\(\?P<pk>[^)]*\)", "ID", pattern)
        plain = plain.replace("^", "").replace("$", "").replace("\\Z", "")
        if not plain.endswith(".ID") and "ID.ID" not in plain:
            yield plain


def walk(patterns, prefix=""):
    for pattern in patterns:
        route = prefix + str(pattern.pattern)
        if hasattr(pattern, "url_patterns"):
            yield from walk(pattern.url_patterns, route)
        else:
            yield route
