from django.apps import AppConfig


class DemoConfig(AppConfig):
    """The demo's models, pages and commands."""

    name = "project.demo"
    label = "demo"
