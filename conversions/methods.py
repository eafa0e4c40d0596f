"""Which ways with the pitch can be chosen here: asked when a conversion is wished for, not when a worker gets to it."""

from django.conf import settings
from django.utils.translation import gettext as _

from models_app.models import VoiceModel
from rvc.assets import AssetStore
from rvc.errors import OptionError
from rvc.options import ConversionOptions
from rvc.pitch.methods import available_methods, resolve_method


def problems() -> dict[str, str]:
    """The methods that this machine cannot use, each with the reason and the way out."""
    known = available_methods(AssetStore(settings.ASSETS_DIR))
    return {method: problem for method, problem in known.items() if problem}


def check_method(voice: VoiceModel, options: ConversionOptions) -> None:
    """Raise an OptionError when the pitch could not be measured, or moved, in the way that is wished."""
    voice.check_usual_pitch(options)
    if not voice.f0:
        return
    method = resolve_method(options.f0_method, AssetStore(settings.ASSETS_DIR))
    if problem := problems().get(method):
        message = _("The pitch method {method} is not available here. {problem}").format(method=method, problem=problem)
        raise OptionError("f0_method", message)
