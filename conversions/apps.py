from django.apps import AppConfig
from django.utils.translation import gettext_lazy


class ConversionsConfig(AppConfig):
    name = "conversions"
    verbose_name = gettext_lazy("Conversions")
