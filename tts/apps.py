from django.apps import AppConfig
from django.core.checks import register

from tts.checks import check_engines


class TtsConfig(AppConfig):
    name = "tts"
    verbose_name = "Text to speech"

    def ready(self) -> None:
        register(check_engines)
