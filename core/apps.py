from django.apps import AppConfig


class CoreConfig(AppConfig):
    name = "core"
    verbose_name = "Users and access"

    def ready(self) -> None:
        from core import openapi  # noqa: F401  registers the security schemes
        from core.totp import seal_totp_secrets

        seal_totp_secrets()
