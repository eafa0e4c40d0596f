"""What the tests of batches share: what workers do with one."""

from conversions.batches.models import Unpacking
from conversions.models import Conversion
from conversions.tasks import unpack
from tests import base

SHORT, LONG = base.tone(0.2), base.tone(0.6)


def unpack_all():
    """What a worker of the queue `import` does."""
    while (job := Unpacking.objects.due().order_by("created_at").first()) is not None:
        unpack(str(job.pk))


def finish(conversion, state="done"):
    """What a worker does with a conversion, without the sound."""
    job = Conversion.objects.claim(conversion.pk)
    if state != "done":
        return job.fail("out_of_memory", "Too little memory.")
    job.result.save("result.wav", base.upload(base.tone(0.3)), save=False)
    return job.finish(result=job.result.name, result_seconds=0.3, result_rate=16000)
