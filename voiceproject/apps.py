from django.apps import AppConfig


class VoiceprojectConfig(AppConfig):
    name = "voiceproject"

    def ready(self) -> None:
        from voiceproject import checks  # noqa: F401, PLC0415 - importing registers them; they need loaded apps
        from voiceproject.labels import translate_labels  # noqa: PLC0415 - as above

        translate_labels()
