"""Some of the conversions of a list: what may stand in the address, and what it means."""

from uuid import UUID

from conversions.models import Kind
from jobs.models import State
from voiceproject.choosing import Filters, One

FILTERS = Filters(
    search=("source_name", "voice_name"),
    words="the name of the recording or of the voice",
    ones={
        "batch": One("batch_id", UUID, "Only those of this batch."),
        "voice": One("voice_id", UUID, "Only those in this voice."),
        "state": One("state", State.values, "Only those in this state."),
        "kind": One("kind", Kind.values, "Only those of recordings, or of texts."),
    },
)
PARAMETERS = FILTERS.parameters
chosen = FILTERS.of
