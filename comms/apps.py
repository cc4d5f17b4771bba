from django.apps import AppConfig


class CommsConfig(AppConfig):
    name = "comms"
    verbose_name = "Communications"

    def ready(self) -> None:
        """Add the panels of this app to the pages of others."""
        from comms import panels  # noqa: F401
