from django.apps import AppConfig


class TemplatesConfig(AppConfig):
    name = "templates_mgmt"
    verbose_name = "Templates"
