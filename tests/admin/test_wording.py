"""How rows read."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from jobs.admin.wording import (
    HIDDEN,
    SHOWN_CHARACTERS,
    clean_address,
    describe_bytes,
    describe_duration,
    describe_step,
    describe_variant,
    hide_secrets,
    show_duration,
    show_json,
    show_progress,
)


@pytest.mark.parametrize(
    ("step", "words"),
    [
        ({"operation": "flip"}, "flip"),
        ({"operation": "resize", "params": {"width": {"value": 50.0, "unit": "%"}}}, "resize: width 50 %"),
        ({"operation": "resize", "params": {"width": {"value": 2000}}}, "resize: width 2000 px"),
        (
            {
                "operation": "watermark",
                "params": {"source": {"kind": "web", "location": "https://u:p@x.example/l.png"}},
            },
            "watermark: source https://x.example/l.png",
        ),
        ({"operation": "x", "params": {"points": [[1, 2.5]], "box": {"a": 1}}}, "x: points [[1, 2.5]], box {a 1}"),
    ],
)
def test_a_step_reads_as_a_line(step: dict[str, Any], words: str) -> None:
    assert describe_step(step) == words


def test_a_variant_ends_with_how_it_is_written() -> None:
    variant = {"steps": [], "output": {"format": "jpeg", "quality": 80}, "destination": {"pattern": "out/{stem}.jpg"}}
    assert describe_variant(variant) == ["write: format jpeg, quality 80 → out/{stem}.jpg"]
    assert describe_variant({}) == ["write: as the source"]


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("https://user:word@shop.example:8443/a?x=1&sig=abc#f", f"https://shop.example:8443/a?x={HIDDEN}&sig={HIDDEN}"),
        ("HTTP://shop.example/a", "http://shop.example/a"),
        ("https://[::1/", HIDDEN),
        ("not an address", "not an address"),
        ("folder/a?b=c.jpg", "folder/a?b=c.jpg"),
    ],
)
def test_an_address_is_shown_without_what_opens_it(address: str, shown: str) -> None:
    assert clean_address(address) == shown


@pytest.mark.parametrize(
    "name", ["secret", "callback_secret", "apiKey", "api_key", "accessKeyId", "password", "authToken", "Authorization"]
)
def test_members_that_are_called_secret_are_hidden(name: str) -> None:
    assert hide_secrets({"a": [{name: "word"}]}) == {"a": [{name: HIDDEN}]}


def test_what_is_no_secret_stays() -> None:
    request = {"action": "resize", "width": 5, "use_token": True, "none": None, "list": [1, "x"]}
    assert hide_secrets(request) == request


def test_json_is_escaped_and_cut() -> None:
    assert "&lt;script&gt;" in show_json({"a": "<script>"})
    long = show_json({"a": "x" * (SHOWN_CHARACTERS + 1000)})
    assert len(long) < SHOWN_CHARACTERS + 200
    assert "characters more" in long


def test_one_failure_of_very_many_is_seen() -> None:
    assert 'class="pm-bad"' in show_progress(100_000, 1, 100_000)
    assert 'class="pm-bad"' not in show_progress(100_000, 0, 100_000)


def test_a_job_without_items_has_an_empty_bar() -> None:
    assert "0 of 0" in show_progress(0, 0, 0)


@pytest.mark.parametrize(
    ("spent", "words"),
    [(0.04, "0.0 s"), (59.9, "59.9 s"), (60, "1 min 0 s"), (3599, "59 min 59 s"), (3600, "1 h 0 min"), (-5, "0.0 s")],
)
def test_a_length_of_time_reads_in_two_units(spent: float, words: str) -> None:
    assert describe_duration(timedelta(seconds=spent)) == words


def test_what_has_not_ended_is_counted_so_far() -> None:
    now = timezone.now()
    assert show_duration(None, None) == "–"
    assert show_duration(now - timedelta(hours=2), None) == "2 h 0 min so far"
    assert show_duration(now - timedelta(seconds=90), now) == "1 min 30 s"


@pytest.mark.parametrize(
    ("size", "words"),
    [(None, "–"), (0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (2_500_000, "2.5 MB"), (7_000_000_000, "7.0 GB")],
)
def test_a_size_reads_in_its_unit(size: int | None, words: str) -> None:
    assert describe_bytes(size) == words
