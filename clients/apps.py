from django.apps import AppConfig
from django.utils.translation import gettext_lazy


class ClientsConfig(AppConfig):
    name = "clients"
    verbose_name = gettext_lazy("Client libraries of others")
