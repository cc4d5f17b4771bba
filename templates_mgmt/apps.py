from django.apps import AppConfig


class TemplatesConfig(AppConfig):
    name = "templates_mgmt"
    verbose_name = "Templates"

    def ready(self) -> None:
        """Add what re-reviews show on a template's page."""
        from templates_mgmt.filing import panels  # noqa: F401
