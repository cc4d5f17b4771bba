from importlib import import_module

from django.apps import AppConfig

# Parts that put a panel on the incident page, by the module that registers it.
PANELS: tuple[str, ...] = (
    "crisis.clocks.panels",
    "crisis.drills.panels",
    "crisis.escalation.panels",
    "crisis.learning.panels",
    "crisis.reports.panels",
    "crisis.risks.panels",
    "crisis.statements.panels",
)


class CrisisConfig(AppConfig):
    name = "crisis"
    verbose_name = "Crisis and risk"

    def ready(self) -> None:
        for module in PANELS:
            import_module(module)
        monitors = import_module("crisis.criteria.monitors")
        import_module("audit.alarms").listen(monitors.hear)
