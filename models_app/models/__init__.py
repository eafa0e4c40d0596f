from models_app.models.asset import AssetFetch
from models_app.models.check import VoiceCheck
from models_app.models.importing import VoiceImport
from models_app.models.voice import VoiceModel, VoiceQuerySet, VoiceState, encoder_installed

__all__ = ["AssetFetch", "VoiceCheck", "VoiceImport", "VoiceModel", "VoiceQuerySet", "VoiceState", "encoder_installed"]
