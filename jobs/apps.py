"""The jobs app."""

from django.apps import AppConfig


class JobsConfig(AppConfig):
    name = "jobs"

    def ready(self) -> None:
        # Loads every dialect, so that one that is not whole stops the start.
        from jobs import checks  # noqa: F401
