import pytest

from conversions.batches import intake
from conversions.batches.intake import Wish
from conversions.batches.models import Batch
from conversions.models import Conversion
from rvc.options import ConversionOptions
from tests import base


@pytest.fixture(autouse=True)
def _own_folder(own_folder):
    """Every test here has a folder of its own."""


@pytest.fixture
def submit(voice, alice):
    """Alice asks for a conversion of one second of tone."""

    def submit(user=alice, voice=voice, sound=None, name="tone.wav", **options):
        source = base.upload(base.tone() if sound is None else sound, name)
        return Conversion.objects.submit(user, voice, source, ConversionOptions(**options))

    return submit


@pytest.fixture
def conversion(submit):
    return submit()


@pytest.fixture
def done(conversion):
    """A conversion that has ended well; its result is a tone too."""
    conversion.result.save("result", base.upload(base.tone(0.5)), save=False)
    Conversion.objects.filter(pk=conversion.pk).update(
        state="done", result=conversion.result.name, result_seconds=0.5, result_rate=16000, progress=1.0
    )
    conversion.refresh_from_db()
    return conversion


@pytest.fixture
def send(voice, alice):
    """Alice sends a batch of these files: names and contents."""

    def send(*files, user=alice, **wish):
        options = ConversionOptions(**wish.pop("options", {}))
        wish = Wish(wish.pop("voice", voice), options, wish)
        return Batch.objects.submit(user, wish, intake.look([base.upload(data, name) for name, data in files]))

    return send
