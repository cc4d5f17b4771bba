from django.apps import AppConfig
from django.contrib.admin import apps as admin_apps


class PortalConfig(AppConfig):
    name = "portal"
    verbose_name = "Portal"
    default = True

    def ready(self) -> None:
        from investors.erasure.services import FORGETTING
        from portal import checks  # noqa: F401  registers the system checks
        from portal.forgetting import forget_investor

        FORGETTING.append(forget_investor)


class ConsoleConfig(admin_apps.AdminConfig):
    """Makes Console the default site that `admin.site` names."""

    default = False
    default_site = "portal.console.Console"
