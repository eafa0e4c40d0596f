from django.apps import AppConfig
from django.utils.translation import gettext_lazy


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = gettext_lazy("Accounts")

    def ready(self) -> None:
        """Tell drf-spectacular of our keys."""
        from accounts.tokens import schema  # noqa: F401, PLC0415
