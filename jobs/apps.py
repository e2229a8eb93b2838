"""The jobs app."""

from django.apps import AppConfig


class JobsConfig(AppConfig):
    name = "jobs"

    def ready(self) -> None:
        # Loads every dialect, so that one that is not whole stops the start.
        from jobs import checks  # noqa: F401
        from jobs.slots import own_models
        from processing import weights

        # Every process says what is available here, not only those that run it.
        weights.use(own_models())
