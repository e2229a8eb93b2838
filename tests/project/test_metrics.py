"""What /metrics says is what the rows say, at the same cost however many there are, and to whom it may be said."""

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from accounts.models import Account
from jobs import engine, leases, pulses, services, tallies
from jobs.figures import OTHER, TOP_ACCOUNTS
from jobs.models import Delivery, Item, Job, Node, Pulse
from jobs.models.jobs import ItemState
from jobs.provisioning import provision
from jobs.sweep import sweep
from project.celery import QUEUES
from project.shared_counts import make_folder
from tests.conftest import account_entry
from tests.jobs.making import age, copy_picture, make_job

pytestmark = pytest.mark.django_db(transaction=True)

TOKEN = "a-token-for-the-watchers"
ROOT = Path(__file__).parent.parent.parent


def scrape(client: Client, **headers: str) -> dict[str, dict[tuple[str, ...], float]]:
    """Each sample by its name and the values of its labels, which go by their names."""
    answer = client.get("/metrics", headers=headers)
    assert answer.status_code == 200
    return read(answer.content.decode())


def read(text: str) -> dict[str, dict[tuple[str, ...], float]]:
    found: dict[str, dict[tuple[str, ...], float]] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            found.setdefault(sample.name, {})[tuple(value for _, value in sorted(sample.labels.items()))] = sample.value
    return found


def counted(found: Mapping[str, Mapping[tuple[str, ...], float]], name: str) -> dict[str, float]:
    return {labels[0]: value for labels, value in found[name].items()}


def run_all(job: Job) -> None:
    for item in job.items.order_by("pk"):
        engine.run_item(item.pk)


# --- what it says --------------------------------------------------------------------------------------------------


def test_open_items_are_told_by_queue_account_and_state(client: Client, alice: Account, bucket: Path) -> None:
    provision({"accounts": [account_entry("bob", bucket, number=2, secret="tokB")]})
    bob = Account.objects.get(name="bob")
    make_job(alice, ["480x360/1.jpg"] * 3)
    make_job(bob, ["480x360/1.jpg"])
    assert leases.claim_item(Item.objects.filter(job__account=alice).first().pk)  # type: ignore[union-attr]
    Job.objects.filter(account=bob).update(created_at=timezone.now() - timedelta(hours=1))
    found = scrape(client)
    assert found["photomill_items"] == {
        ("alice", "batch", "queued"): 2,
        ("alice", "batch", "running"): 1,
        ("bob", "batch", "queued"): 1,
        ("bob", "batch", "running"): 0,
    }
    assert 3600 <= found["photomill_oldest_item_seconds"]["bob", "batch"] < 3700
    assert found["photomill_oldest_item_seconds"]["alice", "batch"] < 60


def test_what_has_ended_is_counted_once_while_its_job_is_open_and_afterwards(
    client: Client, alice: Account, bucket: Path
) -> None:
    (bucket / "broken.jpg").write_bytes(b"no picture")
    job = make_job(alice, ["480x360/1.jpg", "480x360/1.jpg", "broken.jpg"])
    first, *others = job.items.order_by("pk")
    engine.run_item(first.pk)
    assert counted(scrape(client), "photomill_items_ended_total") == {"done": 1, "failed": 0, "cancelled": 0}
    for item in others:
        engine.run_item(item.pk)
    for _ in range(2):
        found = scrape(client)
        assert counted(found, "photomill_items_ended_total") == {"done": 2, "failed": 1, "cancelled": 0}
        assert counted(found, "photomill_outputs_total") == {"stored": 2, "failed": 1}
        assert counted(found, "photomill_jobs_ended_total") == {"finished": 1, "cancelled": 0}
        assert found.get("photomill_items", {}) == {}
        Job.objects.all().delete()  # the purge takes the rows, not the counts


def test_a_retry_counts_what_it_does_and_not_again_what_was_done(client: Client, alice: Account, bucket: Path) -> None:
    (bucket / "broken.jpg").write_bytes(b"no picture")
    job = make_job(alice, ["480x360/1.jpg", "broken.jpg"])
    run_all(job)
    (bucket / "broken.jpg").write_bytes((bucket / "480x360/1.jpg").read_bytes())
    before = counted(scrape(client), "photomill_items_ended_total")
    assert services.retry_job(job, only_failed=True)
    assert counted(scrape(client), "photomill_items_ended_total") == before
    run_all(job)
    found = scrape(client)
    assert counted(found, "photomill_items_ended_total") == {"done": 2, "failed": 1, "cancelled": 0}
    assert counted(found, "photomill_outputs_total") == {"stored": 2, "failed": 1}
    assert counted(found, "photomill_jobs_ended_total") == {"finished": 2, "cancelled": 0}


def test_cancelled_items_are_counted_as_such(client: Client, alice: Account) -> None:
    job = make_job(alice, ["480x360/1.jpg"] * 3)
    engine.run_item(job.items.order_by("pk")[0].pk)
    services.cancel_job(job)
    found = scrape(client)
    assert counted(found, "photomill_items_ended_total") == {"done": 1, "failed": 0, "cancelled": 2}
    assert counted(found, "photomill_jobs_ended_total") == {"finished": 0, "cancelled": 1}


def test_children_that_start_and_die_and_workers_that_vanish_are_counted(
    client: Client, alice: Account, settings: Any
) -> None:
    settings.PHOTOMILL_ITEM_SECONDS = 0.0
    job = make_job(alice, ["480x360/1.jpg"])
    item = job.items.get()
    engine.run_item(item.pk)
    found = scrape(client)
    assert counted(found, "photomill_child_deaths_total") == {"crashed": 0, "timeout": 1, "out_of_memory": 0}
    assert found["photomill_workers_lost_total"][()] == 0
    age(3600)
    assert leases.claim_item(item.pk)
    age(3600)
    settings.PHOTOMILL_ITEM_SECONDS = 300.0
    engine.run_item(item.pk)
    found = scrape(client)
    assert found["photomill_workers_lost_total"][()] == 1
    assert found["photomill_child_starts_total"][()] >= 1
    assert counted(found, "photomill_items_ended_total")["done"] == 1


def test_deliveries_that_are_late_are_told_with_their_age(client: Client, alice: Account) -> None:
    job = make_job(alice, ["480x360/1.jpg"])
    for number, late in enumerate((0, 30, 600)):
        at = timezone.now() - timedelta(seconds=late)
        Delivery.objects.create(job=job, run=number, target="t", host="h", webhook_id=f"w{number}", next_at=at)
    found = scrape(client)
    assert found["photomill_deliveries_pending"][()] == 3
    assert found["photomill_deliveries_overdue"][()] == 1
    assert 600 <= found["photomill_delivery_overdue_seconds"][()] < 660


def test_nodes_slots_the_sweep_and_free_room_are_told(client: Client) -> None:
    Node.objects.create(name="batch@one", queues=["batch", "vision"], slots=8, seen_at=timezone.now())
    Node.objects.create(name="batch@two", queues=["batch"], slots=4, seen_at=timezone.now())
    Node.objects.create(name="gone@three", queues=["batch"], slots=4, seen_at=timezone.now() - timedelta(minutes=5))
    assert "photomill_sweep_age_seconds" not in scrape(client)
    sweep()
    found = scrape(client)
    assert found["photomill_sweep_age_seconds"][()] < 10
    assert counted(found, "photomill_workers") == dict.fromkeys(QUEUES, 0) | {"batch": 2, "vision": 1}
    assert counted(found, "photomill_worker_slots") == dict.fromkeys(QUEUES, 0) | {"batch": 12, "vision": 8}
    free, size = counted(found, "photomill_free_bytes"), counted(found, "photomill_size_bytes")
    assert free.keys() == size.keys() == {"data", "house"}
    assert all(0 < free[place] <= size[place] for place in free)


def test_room_is_told_of_folders_alone(client: Client, settings: Any) -> None:
    settings.PHOTOMILL_STORAGE_URL = "s3://key:secret@house?endpoint_url=http://127.0.0.1:1"
    assert counted(scrape(client), "photomill_free_bytes").keys() == {"data"}


def test_requests_are_counted_and_timed(client: Client, service: Any) -> None:
    before = count_not_found(client)
    client.get("/request/none", headers={"authorization": "Bearer tokA"})
    (route,) = (after := count_not_found(client)) - before
    assert "{process_id}" in route
    assert after[route] == before[route] + 1
    assert scrape(client)["photomill_request_seconds_count"]["slashed", route] >= 1


def count_not_found(client: Client) -> Counter[str]:
    """How often each route of one product answered 404. This process has counted for other tests too."""
    samples = scrape(client).get("photomill_requests_total", {})
    found: Counter[str] = Counter()
    for key, value in samples.items():
        if key[0] == "slashed" and key[3] == "404":
            # The same route is there once for each method.
            found[key[2]] += int(value)
    return found


def test_without_its_database_the_server_says_that_and_what_it_has_itself(client: Client, settings: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE jobs_tally RENAME TO jobs_tally_away")
    try:
        found = scrape(client)
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE jobs_tally_away RENAME TO jobs_tally")
    assert (found["photomill_up"][()], found["photomill_database_up"][()]) == (1, 0)
    assert "photomill_requests_total" in found


# --- what it costs -------------------------------------------------------------------------------------------------


def count_queries(client: Client) -> int:
    with CaptureQueriesContext(connection) as queries:
        scrape(client)
    return len([query for query in queries if query["sql"].startswith("SELECT")])


def test_the_statements_are_as_many_for_ten_items_as_for_ten_thousand(client: Client, alice: Account) -> None:
    job = make_job(alice, ["480x360/1.jpg"] * 10)
    few = count_queries(client)
    rows = [Item(job=job, position=number, name="n", source={}, state=ItemState.QUEUED) for number in range(10, 10_000)]
    Item.objects.bulk_create(rows)
    Job.objects.filter(pk=job.pk).update(items_total=10_000)
    assert count_queries(client) == few <= 6
    assert scrape(client)["photomill_items"]["alice", "batch", "queued"] == 10_000


def test_no_more_than_fifty_accounts_have_a_name(client: Client) -> None:
    for number in range(TOP_ACCOUNTS + 3):
        account = Account.objects.create(name=f"account {number:03}")
        Job.objects.create(account=account, dialect="slashed", public_id=str(number), variants=[], items_total=number)
    found = scrape(client)["photomill_items"]
    names = {account for account, _, _ in found}
    assert len(names) == TOP_ACCOUNTS + 1
    assert names - {OTHER} == {f"account {number:03}" for number in range(3, TOP_ACCOUNTS + 3)}
    assert found[OTHER, "batch", "queued"] == 0 + 1 + 2


def test_workers_do_not_all_write_the_same_row(alice: Account) -> None:
    for _ in range(4):
        run_all(make_job(alice, ["480x360/1.jpg"]))
    assert tallies.Tally.objects.count() >= 4
    assert tallies.read_counts()["jobs_finished"] == 4
    with pytest.raises(ValueError, match="is not counted"):
        tallies.add_event("nonsense")


# --- who may see it ------------------------------------------------------------------------------------------------


def is_detailed(client: Client, address: str = "203.0.113.9", **headers: str) -> bool:
    answer = client.get("/metrics", headers=headers, REMOTE_ADDR=address)
    assert answer.status_code == 200
    return "photomill_items_ended_total" in answer.content.decode()


def test_strangers_learn_that_the_server_is_up_and_nothing_else(client: Client) -> None:
    answer = client.get("/metrics", REMOTE_ADDR="203.0.113.9")
    assert read(answer.content.decode()) == {"photomill_up": {(): 1}}


def test_the_token_opens_the_details_and_no_other_does(client: Client, settings: Any) -> None:
    assert not is_detailed(client, authorization="Bearer ")
    assert not is_detailed(client, authorization=f"Bearer {TOKEN}")
    settings.PHOTOMILL_METRICS_TOKEN = TOKEN
    assert is_detailed(client, authorization=f"Bearer {TOKEN}")
    assert not is_detailed(client, authorization="Bearer another")
    assert not is_detailed(client, authorization="Bearer é")
    assert not is_detailed(client, "127.0.0.1", authorization="Bearer another")


@pytest.mark.parametrize("address", ["127.0.0.1", "127.0.0.53", "::1", "::ffff:127.0.0.1"])
def test_this_machine_sees_the_details(client: Client, address: str) -> None:
    assert is_detailed(client, address)


@pytest.mark.parametrize("name", ["x-forwarded-for", "x-real-ip", "forwarded", "via", "x-forwarded-proto"])
def test_what_a_proxy_on_this_machine_passes_on_is_not_of_this_machine(client: Client, name: str) -> None:
    assert not is_detailed(client, "127.0.0.1", **{name: "127.0.0.1"})


def test_where_this_machine_is_a_trusted_proxy_its_requests_need_the_token(client: Client, settings: Any) -> None:
    settings.PHOTOMILL_TRUSTED_PROXIES = ["127.0.0.1"]
    assert not is_detailed(client, "127.0.0.1")


# --- several processes ---------------------------------------------------------------------------------------------


def test_counts_of_a_web_server_that_is_gone_are_deleted_and_those_of_one_that_runs_stay(tmp_path: Path) -> None:
    gone = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    first = make_folder(tmp_path, main_process=gone.pid)
    mine = make_folder(tmp_path, main_process=os.getpid())
    assert first.is_dir()
    assert mine.is_dir()
    gone.communicate(b"\n")
    assert make_folder(tmp_path, main_process=os.getpid()) == mine
    assert [path.name for path in tmp_path.iterdir()] == [mine.name]
    assert mine.stat().st_mode & 0o077 == 0


# --- signs of life -------------------------------------------------------------------------------------------------


def test_a_queue_whose_canaries_stay_away_is_dead_unless_it_is_at_work(
    client: Client, alice: Account, bucket: Path, settings: Any
) -> None:
    pulses.answer_canary("batch", node="batch@one")
    found = scrape(client)
    assert counted(found, "photomill_queue_alive") == dict.fromkeys(QUEUES, 0) | {"batch": 1}
    assert counted(found, "photomill_canary_age_seconds").keys() == {"batch"}
    silent = timezone.now() - timedelta(seconds=pulses.silent_seconds() + 5)
    Pulse.objects.update(at=silent)
    assert counted(scrape(client), "photomill_queue_alive")["batch"] == 0
    assert client.get("/readyz").json()["queues"]["batch"].startswith("silent for ")
    job = make_job(alice, copy_picture(bucket, 1))
    assert leases.claim_item(job.items.get().pk)
    assert counted(scrape(client), "photomill_queue_alive")["batch"] == 1
    assert client.get("/readyz").json()["queues"]["batch"] == "ok"
    assert client.get("/readyz").json()["queues"]["vision"] == "no sign of life yet"
    age(3600)
    assert counted(scrape(client), "photomill_queue_alive")["batch"] == 0


def test_a_dead_queue_is_seen_within_two_minutes() -> None:
    """By the defaults; the alert waits for half a minute, and is looked at every fifteen seconds."""
    assert pulses.silent_seconds() + 15 + 30 + 15 <= 120
