"""/metrics: what a Prometheus server asks for, as text."""

import hmac
import logging
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

from django.conf import settings
from django.db import Error as DatabaseError
from django.http import HttpRequest, HttpResponse
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector

from accounts.addresses import comes_by_proxy, find_peer
from accounts.callers import bearer_token
from jobs.figures import Figures, read_figures
from project import traffic
from project.celery import QUEUES
from project.shared_counts import VARIABLE

log = logging.getLogger(__name__)

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
FORWARDED = ("x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip", "forwarded", "via")
"""Headers that a proxy adds: what comes with one was not asked for by this machine."""

STRANGERS = b"""# HELP photomill_up The web server answers. All else is told to those with a token.
# TYPE photomill_up gauge
photomill_up 1.0
"""


def show(request: HttpRequest) -> HttpResponse:
    """Everything, to who has PHOTOMILL_METRICS_TOKEN or asks from this machine; else that the server is there."""
    text = render() if may_see_details(request) else STRANGERS
    return HttpResponse(text, content_type=CONTENT_TYPE, headers={"Cache-Control": "no-store"})


def may_see_details(request: HttpRequest) -> bool:
    """Whether the request brings the token, or comes from this machine and by no proxy."""
    given, wanted = bearer_token(request), settings.PHOTOMILL_METRICS_TOKEN
    if given:
        return bool(wanted) and hmac.compare_digest(given.encode(), wanted.encode())
    return _is_of_this_machine(request)


def render() -> bytes:
    """All metrics as text."""
    own = CollectorRegistry()
    own.register(RowsCollector())
    return generate_latest(own) + generate_latest(_traffic_registry())


class RowsCollector:
    """What the rows and the disks say at this moment. Where the database is away, it says that."""

    def collect(self) -> Iterator[Metric]:
        yield _gauge("photomill_up", "The web server answers.", 1)
        yield from describe_disks()
        try:
            figures = read_figures(QUEUES)
        except DatabaseError as error:
            log.warning("metrics without the database: %s", type(error).__name__)
            yield _gauge("photomill_database_up", "The database answers.", 0)
            return
        yield _gauge("photomill_database_up", "The database answers.", 1)
        yield from describe_depths(figures)
        yield from describe_counts(figures)
        yield from describe_signs(figures)


def describe_depths(figures: Figures) -> Iterator[Metric]:
    """Open items and their age, by queue and account; the fifty accounts with the most, and the others together."""
    labels = ["queue", "account"]
    items = GaugeMetricFamily("photomill_items", "Items that have not ended.", labels=[*labels, "state"])
    oldest = GaugeMetricFamily(
        "photomill_oldest_item_seconds", "Age of the oldest run of a job with items that have not ended.", labels=labels
    )
    for place, depth in sorted(figures.depths.items()):
        items.add_metric([*place, "queued"], depth.queued)
        items.add_metric([*place, "running"], depth.running)
        oldest.add_metric(place, depth.oldest_seconds)
    yield from (items, oldest)


def describe_counts(figures: Figures) -> Iterator[Metric]:
    """What has happened since the beginning, whether its rows are still there or not."""
    yield _counter("photomill_jobs_ended", "Runs of jobs that ended.", figures, "jobs_", ("finished", "cancelled"))
    yield _counter("photomill_items_ended", "Items that ended.", figures, "items_", ("done", "failed", "cancelled"))
    yield _counter(
        "photomill_outputs", "Results, and those that could not be made.", figures, "outputs_", ("stored", "failed")
    )
    kinds = ("crashed", "timeout", "out_of_memory")
    yield _counter("photomill_child_deaths", "Processes that died over a picture.", figures, "child_", kinds, "kind")
    starts = CounterMetricFamily("photomill_child_starts", "Processes for pictures that were started.")
    starts.add_metric([], figures.counts["child_starts"])
    lost = CounterMetricFamily("photomill_workers_lost", "Items whose worker vanished while it had them.")
    lost.add_metric([], figures.counts["workers_lost"])
    yield from (starts, lost)


def describe_signs(figures: Figures) -> Iterator[Metric]:
    """What waits to be sent, and signs of life: of the sweep, of nodes, of queues."""
    yield _gauge("photomill_deliveries_pending", "Messages that are not delivered yet.", figures.pending_deliveries)
    yield _gauge("photomill_deliveries_overdue", "Messages that should have been tried.", figures.overdue_deliveries)
    yield _gauge("photomill_delivery_overdue_seconds", "How late the latest of them is.", figures.overdue_seconds)
    if figures.sweep_age_seconds is not None:
        yield _gauge("photomill_sweep_age_seconds", "Since the last sweep.", figures.sweep_age_seconds)
    workers = GaugeMetricFamily("photomill_workers", "Living nodes.", labels=["queue"])
    slots = GaugeMetricFamily("photomill_worker_slots", "Items that they work on at once.", labels=["queue"])
    canaries = GaugeMetricFamily("photomill_canary_age_seconds", "Since the last sign of life.", labels=["queue"])
    alive = GaugeMetricFamily("photomill_queue_alive", "Whether work is taken.", labels=["queue"])
    for queue, state in figures.queues.items():
        workers.add_metric([queue], figures.workers.get(queue, 0))
        slots.add_metric([queue], figures.slots.get(queue, 0))
        alive.add_metric([queue], float(state.is_alive))
        if state.age_seconds is not None:
            canaries.add_metric([queue], state.age_seconds)
    yield from (workers, slots, canaries, alive)


def describe_disks() -> Iterator[Metric]:
    """Room on this machine: where the data folder lies, and the house storage where it is a folder."""
    free = GaugeMetricFamily("photomill_free_bytes", "Bytes that are free.", labels=["place"])
    size = GaugeMetricFamily("photomill_size_bytes", "Bytes that there are.", labels=["place"])
    for place, folder in _list_folders().items():
        try:
            usage = shutil.disk_usage(_find_existing(folder))
        except OSError:
            continue
        free.add_metric([place], usage.free)
        size.add_metric([place], usage.total)
    yield from (free, size)


def _list_folders() -> dict[str, Path]:
    house = urlsplit(settings.PHOTOMILL_STORAGE_URL)
    folders = {"data": Path(settings.PHOTOMILL_DATA_DIR)}
    return folders | ({"house": Path(unquote(house.path))} if house.scheme == "file" else {})


def _find_existing(folder: Path) -> Path:
    """The folder, or the nearest above it: it is made with the first object."""
    return next(path for path in (folder, *folder.parents) if path.exists())


def _traffic_registry() -> CollectorRegistry:
    """What this process has counted, or all processes of this web server together."""
    folder = os.environ.get(VARIABLE)
    if not folder:
        return traffic.registry
    together = CollectorRegistry()
    MultiProcessCollector(together, path=folder)
    return together


def _is_of_this_machine(request: HttpRequest) -> bool:
    if comes_by_proxy(request) or any(name in request.headers for name in FORWARDED):
        return False
    peer = find_peer(request)
    return (getattr(peer, "ipv4_mapped", None) or peer).is_loopback


def _gauge(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(name, text, value=value)


def _counter(
    name: str, text: str, figures: Figures, prefix: str, kinds: tuple[str, ...], label: str = "state"
) -> Metric:
    family = CounterMetricFamily(name, text, labels=[label])
    for kind in kinds:
        family.add_metric([kind], figures.counts[prefix + kind])
    return family
