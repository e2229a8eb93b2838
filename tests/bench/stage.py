"""A Photomill of its own to measure on, and the Django of this process on its database and broker."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import django
from django.test import override_settings

from project.instance import Instance
from tests import services

WORKERS = 2


@dataclass(frozen=True)
class Servers:
    """Which servers stand behind it: by default an instance's own, and a local folder for the pictures.

    database, broker: URLs. The database must be one that may be written to.
    """

    database: str = ""
    broker: str = ""


@contextmanager
def open_stage(servers: Servers) -> Iterator[Instance]:
    """A running instance in a folder that is thrown away. It ends with the block."""
    with tempfile.TemporaryDirectory(prefix="photomill-bench-") as folder:
        (port,) = services.find_free_ports(1)
        instance = Instance(Path(folder) / "data", port=port, workers=WORKERS, env=_make_environment(servers))
        try:
            instance.start()
            instance.wait_ready()
            _set_up_django(instance)
            yield instance
        finally:
            instance.stop()


@contextmanager
def open_s3() -> Iterator[services.SeaweedFS]:
    """An S3 server of its own. It ends with the block."""
    server = services.SeaweedFS()
    try:
        yield server
    finally:
        server.stop()


@contextmanager
def unheard(instance: Instance) -> Iterator[None]:
    """What this process rings in the block goes to queues that none of the instance's workers listens to."""
    broker = "" if instance.has_own_broker else instance.environment["CELERY_BROKER_URL"]
    prefix = services.make_queue_prefix(broker) if broker else "unheard-"
    with override_settings(PHOTOMILL_QUEUE_PREFIX=prefix):
        yield


def _make_environment(servers: Servers) -> dict[str, str]:
    # The sweep finds what was lost; here nothing is, and it must not take items that are measured elsewhere.
    environment = {"PHOTOMILL_SWEEP_SECONDS": "3600", "DJANGO_SETTINGS_MODULE": "project.settings"}
    if servers.database:
        environment["DATABASE_URL"] = servers.database
    if servers.broker:
        environment |= {
            "CELERY_BROKER_URL": servers.broker,
            "PHOTOMILL_QUEUE_PREFIX": services.make_queue_prefix(servers.broker),
        }
    return environment


def _set_up_django(instance: Instance) -> None:
    os.environ.update(instance.environment)
    django.setup()
