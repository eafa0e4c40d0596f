"""What a speaker of an engine sounds like before any voice is put on: a sentence, spoken once and kept."""

import hashlib
import shutil
from pathlib import Path

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe

from tts.engines.base import SpeechError, Utterance, canonical
from tts.engines.registry import engine
from voiceproject.files import quarantine, say_rules

SENTENCES = {
    "en": "This is how I sound. A voice of yours will say it in its own way.",
    "de": "So klinge ich. Eine Stimme von dir sagt es auf ihre eigene Art.",
    "fr": "Voilà ma voix. Une de vos voix le dira à sa façon.",
    "es": "Así sueno yo. Una voz tuya lo dirá a su manera.",
    "it": "Questa è la mia voce. Una tua voce lo dirà a modo suo.",
    "pt": "Este é o meu som. Uma voz sua vai dizê-lo à sua maneira.",
}
ELSEWHERE = "One, two, three: 1, 2, 3."
SECONDS = 20.0


@login_required
@require_safe
def sample(request: HttpRequest) -> HttpResponseBase:
    """The sound of a speaker, or a sentence why there is none."""
    name, _, speaker = request.GET.get("who", "").partition("|")
    try:
        path = kept_sample(name, speaker)
    except SpeechError as error:
        if error.code.startswith("unknown"):
            raise Http404(error.message) from error
        return render(request, "tts/_no_sample.html", {"message": error.message}, status=503)
    response = HttpResponse(path.read_bytes())
    say_rules(response, media_type="audio/wav", disposition="inline")
    return response


def kept_sample(name: str, speaker: str) -> Path:
    """The file; spoken now if it never was. Raises SpeechError."""
    chosen = engine(name)
    ready = chosen.check(Utterance(ELSEWHERE, speaker=speaker))
    key = hashlib.sha256(f"{name} {ready.speaker}".encode()).hexdigest()[:32]
    path = Path(settings.VAR_DIR) / "cache" / "samples" / f"{key}.wav"
    if not path.exists():
        text = SENTENCES.get(canonical(ready.language).split("-")[0], ELSEWHERE)
        with quarantine("sample-") as folder:
            spoken = chosen.speak(Utterance(text, speaker=ready.speaker), Path(folder), SECONDS)
            path.parent.mkdir(parents=True, exist_ok=True)
            part = path.with_suffix(f".{Path(folder).name}.part")
            shutil.copyfile(spoken.path, part)
            part.replace(path)  # whole, whoever else speaks it at this moment
    return path
