"""The alert rules and the dashboard speak of what /metrics has, and the README of every alert."""

import json
import re
import shutil
import subprocess
import urllib.request
from pathlib import Path
from typing import Any

import pytest
import yaml

import run
from project.celery import QUEUES
from tests.project.test_metrics import read
from tests.stack.running import Stack, await_that, running

ROOT = Path(run.__file__).parent
PROMETHEUS = ROOT / "deploy" / "prometheus"
RULES = yaml.safe_load((PROMETHEUS / "alerts.yaml").read_text())["groups"][0]["rules"]
BOARD = json.loads((ROOT / "deploy" / "grafana" / "photomill.json").read_text())
NAME = re.compile(r"\b(photomill_\w+)\b")
OWN_WORDS = {"up"}
"""Metrics that Prometheus makes itself."""


def named_in_rules() -> set[str]:
    return {name for rule in RULES for name in NAME.findall(rule["expr"])}


def named_on_the_board() -> set[str]:
    return {name for panel in BOARD["panels"] for target in panel["targets"] for name in NAME.findall(target["expr"])}


def scrape(stack: Stack) -> dict[str, dict[tuple[str, ...], float]]:
    with urllib.request.urlopen(f"{stack.instance.url}/metrics", timeout=10) as answer:
        return read(answer.read().decode())


def promtool(*arguments: str) -> None:
    if shutil.which("promtool") is None:
        pytest.skip("needs promtool: apt-get install prometheus")
    done = subprocess.run(["promtool", *arguments], cwd=PROMETHEUS, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_rules_can_be_loaded() -> None:
    promtool("check", "rules", "alerts.yaml")


def test_each_alert_comes_when_it_should_and_not_otherwise() -> None:
    promtool("test", "rules", "alerts_test.yaml")


def test_every_alert_is_tried_both_ways() -> None:
    tests = yaml.safe_load((PROMETHEUS / "alerts_test.yaml").read_text())["tests"]
    tried = [check for test in tests for check in test["alert_rule_test"]]
    names = {rule["alert"] for rule in RULES}
    assert {check["alertname"] for check in tried if check.get("exp_alerts")} == names
    assert {check["alertname"] for check in tried if not check.get("exp_alerts")} == names


def test_every_alert_is_explained_with_what_to_do() -> None:
    section = (ROOT / "README.md").read_text().partition("\n### Watching it\n")[2].partition("\n### ")[0]
    rows = re.findall(r"^\| `(Photomill\w+)` \| (.+) \| (.+) \|$", section, re.MULTILINE)
    assert [name for name, _, _ in rows] == [rule["alert"] for rule in RULES]
    assert all(len(happened) > 20 and len(advice) > 40 for _, happened, advice in rows)


def test_every_alert_has_a_severity_and_says_what_is_the_matter() -> None:
    assert {rule["labels"]["severity"] for rule in RULES} == {"critical", "warning"}
    assert all(rule["annotations"]["summary"].endswith(".") for rule in RULES)


def test_the_panels_of_the_board_do_not_cover_each_other() -> None:
    taken = [cell for panel in BOARD["panels"] for cell in list_cells(panel["gridPos"])]
    assert len(taken) == len(set(taken))
    assert len({panel["id"] for panel in BOARD["panels"]}) == len(BOARD["panels"])


def list_cells(place: Any) -> list[tuple[int, int]]:
    assert place["x"] + place["w"] <= 24
    return [(place["x"] + right, place["y"] + down) for right in range(place["w"]) for down in range(place["h"])]


@pytest.mark.stack
def test_a_running_batch_is_told_as_its_rows_have_it(tmp_path: Path) -> None:
    """One instance for all that needs one: names, figures, processes that count together, and a queue that dies."""
    with running("embedded", tmp_path, workers=1, PHOTOMILL_CANARY_SECONDS="1") as stack:
        keys = put_pictures(stack, 40)
        stack.instance.pause("batch")
        stack.submit(keys=keys, width=60, callback_url=stack.receiver.url)
        there = set(before := scrape(stack))
        assert before["photomill_items"]["alice", "batch", "queued"] == len(keys)
        see_queue_die(stack)
        stack.instance.resume("batch")
        see_depth_fall(stack)
        stack.await_rows("SELECT COUNT(*) FROM jobs_job WHERE finished_at IS NOT NULL", 1, seconds=120)
        stack.await_rows("SELECT COUNT(*) FROM jobs_delivery WHERE state = 'delivered'", 1, seconds=60)
        compare_with_rows(stack)
        compare_requests(stack)
        await_that(lambda: set(QUEUES) <= alive(stack), seconds=60, what=lambda: str(scrape(stack)))
        there |= set(scrape(stack))
        assert named_in_rules() | named_on_the_board() <= there
        assert all(re.match(r"up\{", rule["expr"]) for rule in RULES if not NAME.search(rule["expr"]))


def put_pictures(stack: Stack, count: int) -> list[str]:
    picture = (ROOT / "project" / "demo" / "contact-sheet.jpg").read_bytes()
    keys = [f"{number}.jpg" for number in range(count)]
    for key in keys:
        (stack.bucket / key).write_bytes(picture)
    (stack.bucket / keys[0]).write_bytes(b"no picture")
    return keys


def alive(stack: Stack) -> set[str]:
    return {labels[0] for labels, value in scrape(stack)["photomill_queue_alive"].items() if value}


def see_queue_die(stack: Stack) -> None:
    """The node of two queues is not there; nobody looks at processes to find that out."""
    await_that(lambda: alive(stack) == {"interactive", "delivery", "periodic"}, seconds=60)
    with urllib.request.urlopen(f"{stack.instance.url}/readyz", timeout=10) as answer:
        states = json.loads(answer.read())["queues"]
    assert [name for name, state in states.items() if state != "ok"] == ["batch", "vision"]


def see_depth_fall(stack: Stack) -> None:
    seen: list[float] = []

    def is_less() -> bool:
        found = scrape(stack).get("photomill_items", {})
        seen.append(sum(value for (_, queue, _), value in found.items() if queue == "batch"))
        return len({value for value in seen if value}) > 3 and seen[-1] == 0

    await_that(is_less, seconds=120, what=lambda: str(seen))
    assert seen == sorted(seen, reverse=True)


def compare_with_rows(stack: Stack) -> None:
    found = scrape(stack)
    items = dict(stack.rows("SELECT state, COUNT(*) FROM jobs_item GROUP BY state"))
    assert {labels[0]: value for labels, value in found["photomill_items_ended_total"].items()} == {
        "done": items["done"],
        "failed": items["failed"],
        "cancelled": 0,
    }
    ((stored, broken),) = stack.rows("SELECT SUM(outputs_stored), SUM(outputs_failed) FROM jobs_job")
    assert found["photomill_outputs_total"] == {("stored",): stored, ("failed",): broken}
    assert stored == stack.rows("SELECT COUNT(*) FROM jobs_output WHERE state = 'stored'")[0][0] == 39
    assert found["photomill_jobs_ended_total"]["finished",] == 1
    assert found["photomill_deliveries_pending"][()] == 0
    assert found["photomill_child_starts_total"][()] >= 1
    assert sum(found["photomill_child_deaths_total"].values()) == 0


def compare_requests(stack: Stack) -> None:
    """Web processes count together: whichever is asked says the same."""
    for _ in range(30):
        assert stack.call("GET", "/request/nothing-of-this-id").status == 404
    counts = set()
    for _ in range(10):
        requests = scrape(stack)["photomill_requests_total"]
        counts.add(sum(value for labels, value in requests.items() if "slashed" in labels and "404" in labels))
    assert counts == {30}
