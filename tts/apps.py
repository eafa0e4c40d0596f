from django.apps import AppConfig
from django.core.checks import register
from django.utils.translation import gettext_lazy

from tts.checks import check_engines


class TtsConfig(AppConfig):
    name = "tts"
    verbose_name = gettext_lazy("Text to speech")

    def ready(self) -> None:
        register(check_engines)
