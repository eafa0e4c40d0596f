from django.apps import AppConfig
from django.utils.translation import gettext_lazy


class ModelsAppConfig(AppConfig):
    name = "models_app"
    verbose_name = gettext_lazy("Voices")
