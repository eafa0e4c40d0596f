from models_app.models.asset import AssetFetch
from models_app.models.check import VoiceCheck
from models_app.models.event import Action, VoiceEvent
from models_app.models.favourite import FavouriteVoice
from models_app.models.importing import VoiceImport
from models_app.models.sharing import Visibility
from models_app.models.tag import Tag, tags_from_text
from models_app.models.voice import VoiceModel, VoiceQuerySet, VoiceState, encoder_installed

__all__ = [
    "Action",
    "AssetFetch",
    "FavouriteVoice",
    "Tag",
    "Visibility",
    "VoiceCheck",
    "VoiceEvent",
    "VoiceImport",
    "VoiceModel",
    "VoiceQuerySet",
    "VoiceState",
    "encoder_installed",
    "tags_from_text",
]
