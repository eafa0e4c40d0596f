from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = "Accounts"

    def ready(self) -> None:
        """Tell drf-spectacular of our keys."""
        from accounts.tokens import schema  # noqa: F401, PLC0415
