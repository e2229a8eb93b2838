"""The way to the broker: how soon it is looked for again."""

from typing import Any

from celery.app.amqp import AMQP
from kombu import Connection

GAPS = {"interval_start": 1, "interval_step": 1, "interval_max": 2}
"""Seconds between two tries: 1, then 2, then 3 each. kombu's own grow to half a minute."""


class SteadyConnection(Connection):
    """One that is not long in finding a broker that is back: work has to go on within seconds of it."""

    def ensure_connection(self, *args: Any, **kwargs: Any) -> Any:
        """Connect, however often it takes, unless the caller says how often."""
        return super().ensure_connection(*args, **{**GAPS, **kwargs})


class SteadyAMQP(AMQP):
    """Celery's publishing, over such connections."""

    Connection = SteadyConnection
