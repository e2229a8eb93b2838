"""POST /request: the process, its jobs, and the order in which a request is checked."""

from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from accounts.models import Account
from jobs.models import Job
from tests.dialects.slashed.calls import (
    PHOTO,
    PROCESS_ID,
    TOO_LARGE,
    Clock,
    count_rows,
    create,
    message,
    post,
    refusal,
    request_of,
    taken,
)
from tests.dialects.slashed.values import NOT_A_NUMBER, NOT_TEXT, path

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("shop")]


def refuse(client: Client, **changes: Any) -> str:
    """The message of a request that these changes spoil."""
    return refusal(post(client, "/request", request_of(**changes)))


def without(field: str) -> dict[str, Any]:
    return {key: value for key, value in request_of().items() if key != field}


def jobs_of(**changes: Any) -> list[dict[str, Any]]:
    return [{"destination": "/a.png"}, {"destination": "/b.png", **changes}]


# --- What a process is ---------------------------------------------------------------------------------------------


def test_a_process_is_taken_and_kept_as_it_was_sent(client: Client) -> None:
    body = request_of({"type": "ulb"}, callback="http://127.0.0.1/hook", priority=3)
    job = taken(post(client, "/request", body))
    assert job.request == body
    assert (job.dialect, job.service.number, job.account.name) == ("slashed", 1, "alice")
    assert job.callback_url == "http://127.0.0.1/hook"
    assert [item.name for item in job.items.all()] == ["480x360/1.jpg"]


def test_process_ids_have_21_characters_and_never_come_twice(client: Client) -> None:
    ids = [create(client).public_id for _ in range(20)]
    assert all(PROCESS_ID.fullmatch(process_id) for process_id in ids)
    assert len(set(ids)) == 20


def test_sources_and_destinations_mean_the_same_with_and_without_a_leading_slash(client: Client) -> None:
    first, second = create(client, source="/a/b.jpg"), create(client, source="a/b.jpg")
    assert first.items.get().source == second.items.get().source
    first, second = create(client, destination="/o/p.png"), create(client, destination="o/p.png")
    assert first.variants == second.variants


def test_a_missing_source_is_the_worker_s_to_find(client: Client) -> None:
    create(client, source="/there/is/no/such/file.jpg")


# --- Fields --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("field", ["service_id", "source", "jobs"])
def test_a_required_field_is_missed_by_its_name_and_null_is_none(client: Client, field: str) -> None:
    assert refusal(post(client, "/request", without(field))) == f"{field} is required"
    assert refuse(client, **{field: None}) == f"{field} is required"


def test_a_destination_is_missed_by_its_path(client: Client) -> None:
    assert refuse(client, jobs=[{"destination": "/a.png"}, {}]) == "jobs[1].destination is required"
    assert refuse(client, jobs=jobs_of(destination=None)) == "jobs[1].destination is required"


@pytest.mark.parametrize("value", [0, -1, "0", "-1", 1.5, "1.5", "", "one", *NOT_A_NUMBER])
def test_a_service_id_is_a_positive_whole_number(client: Client, value: Any) -> None:
    assert refuse(client, service_id=value) == "service_id must be a positive whole number"


@pytest.mark.parametrize("value", [1, "1", " 1 ", 1.0, "1.0"])
def test_a_service_id_may_be_a_numeric_string(client: Client, value: Any) -> None:
    create(client, service_id=value)


def test_a_source_keeps_the_rules_for_paths(client: Client) -> None:
    for value in path().wrong:
        said = message(post(client, "/request", request_of(source=value)), 400)
        assert said.startswith("source "), (value, said)
    assert count_rows() == 0


def test_every_path_that_keeps_the_rules_is_a_source(client: Client) -> None:
    for value in path().right:
        create(client, source=value)


def test_a_destination_keeps_the_rules_for_paths(client: Client) -> None:
    for value in path().wrong:
        said = message(post(client, "/request", request_of(jobs=jobs_of(destination=value))), 400)
        assert said.startswith("jobs[1].destination "), (value, said)
    assert count_rows() == 0


def test_every_path_that_keeps_the_rules_is_a_destination(client: Client) -> None:
    for value in path().right:
        create(client, destination=value)


@pytest.mark.parametrize("value", [{}, {"destination": "/o.jpg"}, "jobs", 5, True])
def test_jobs_must_be_an_array(client: Client, value: Any) -> None:
    assert refuse(client, jobs=value) == "jobs must be an array"


@pytest.mark.parametrize("value", [None, 5, True, "a", []])
def test_a_job_must_be_an_object(client: Client, value: Any) -> None:
    assert refuse(client, jobs=[{"destination": "/a.png"}, value]) == "jobs[1] must be an object"


def test_a_process_has_one_to_a_hundred_jobs(client: Client) -> None:
    many = [{"destination": f"/{number}.png"} for number in range(101)]
    assert refuse(client, jobs=[]) == "jobs must have 1 to 100 entries"
    assert refuse(client, jobs=many) == "jobs must have 1 to 100 entries"
    assert len(create(client, jobs=many[:100]).variants) == 100


def test_a_job_has_up_to_fifty_transformations(client: Client) -> None:
    many = [{"type": "ulb"}] * 51
    assert refuse(client, jobs=jobs_of(transformations=many)) == "jobs[1].transformations must have 0 to 50 entries"
    assert len(create(client, *many[:50]).variants[0]["steps"]) == 50


@pytest.mark.parametrize("value", [{}, {"type": "ulb"}, "ulb", 5, True])
def test_transformations_must_be_an_array(client: Client, value: Any) -> None:
    assert refuse(client, jobs=jobs_of(transformations=value)) == "jobs[1].transformations must be an array"


@pytest.mark.parametrize("change", [{}, {"transformations": None}, {"transformations": []}])
def test_a_job_without_transformations_only_encodes_again(client: Client, change: dict[str, Any]) -> None:
    job = create(client, jobs=jobs_of(**change))
    assert job.variants[1].get("steps", []) == []


@pytest.mark.parametrize("twin", ["/b.png", "b.png"])
def test_two_jobs_with_one_destination_are_refused(client: Client, twin: str) -> None:
    jobs = [{"destination": "/b.png"}, {"destination": "/c.png"}, {"destination": twin}]
    assert refuse(client, jobs=jobs) == "jobs[2].destination is the destination of another job too"


@pytest.mark.parametrize(
    ("value", "meant"),
    [
        *((0, 0), (100, 100), (70.4, 70), (70.5, 71), (0.4, 0), (99.6, 100)),
        *(("0", 0), ("100", 100), (" 70 ", 70), ("70.5", 71), (None, 70)),
    ],
)
def test_a_quality_is_a_number_from_0_to_100_or_a_string_that_is_one(client: Client, value: Any, meant: int) -> None:
    assert create(client, jobs=jobs_of(quality=value)).variants[1]["output"]["quality"] == meant


def test_the_default_quality_is_70(client: Client) -> None:
    assert create(client).variants[0]["output"]["quality"] == 70


@pytest.mark.parametrize("value", [-1, 101, -0.1, 100.1, "101", "-1", "high", 10**30, *NOT_A_NUMBER])
def test_any_other_quality_is_refused(client: Client, value: Any) -> None:
    assert refuse(client, jobs=jobs_of(quality=value)) == "jobs[1].quality must be a number between 0 and 100"


# --- Callback ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "url", ["http://hooks.example.com", "https://hooks.example.com/a?b=c", "HTTP://hooks.example.com:8080/", None]
)
def test_a_callback_is_an_absolute_http_url_or_null(client: Client, url: str | None) -> None:
    assert create(client, callback=url).callback_url == (url or "")


@pytest.mark.parametrize(
    "url",
    [
        *NOT_TEXT,
        *("", "not a url", "/hook", "hooks.example.com", "//hooks.example.com/", "http://", "http:///hook"),
        *("ftp://hooks.example.com/", "file:///etc/passwd", "javascript:alert(1)", "mailto:a@example.com"),
        *("http://[::1", "http://hooks.example.com:99999/", "http://user:pass@hooks.example.com/"),
        *("http://hooks.example.com/\n", " http://hooks.example.com/", "http://a\0b/", "http://\ud800/"),
        "https://hooks.example.com/" + "x" * 2048,
    ],
)
def test_any_other_callback_is_refused_by_its_name(client: Client, url: Any) -> None:
    assert refuse(client, callback=url).startswith("callback")


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "10.1.2.3", "169.254.169.254", "[::1]", "2130706433"])
def test_a_callback_to_a_private_address_is_refused_naming_the_setting(
    client: Client, settings: Settings, host: str
) -> None:
    settings.PHOTOMILL_ALLOWED_NETWORKS = []
    said = refuse(client, callback=f"http://{host}/hook")
    assert said.startswith("callback")
    assert "PHOTOMILL_ALLOWED_NETWORKS" in said


def test_a_callback_to_a_closed_port_is_refused_naming_the_setting(client: Client, settings: Settings) -> None:
    settings.PHOTOMILL_ALLOWED_PORTS = ["80", "443"]
    said = refuse(client, callback="http://hooks.example.com:8080/")
    assert said.startswith("callback")
    assert "PHOTOMILL_ALLOWED_PORTS" in said


# --- Unknown keys --------------------------------------------------------------------------------------------------


def test_unknown_keys_are_ignored_at_every_level_and_named_in_a_header(client: Client) -> None:
    transformation = {"type": "flip", "direction": "x", "angle": 5}
    jobs = [{"destination": "/a.png", "transformations": [transformation], "format": "png"}]
    answer = post(client, "/request", request_of(jobs=jobs, priority=1, Callback="no url"))
    taken(answer)
    named = answer.headers["x-photomill-ignored"].split(", ")
    assert sorted(named) == ["Callback", "jobs[0].format", "jobs[0].transformations[0].angle", "priority"]


def test_a_request_without_unknown_keys_has_no_such_header(client: Client) -> None:
    body = request_of({"type": "watermark", "source": "a.png", "Source": "b.png"}, callback=None)
    answer = post(client, "/request", body)
    taken(answer)
    assert "x-photomill-ignored" not in answer.headers


def test_a_field_of_another_transformation_is_an_unknown_key(client: Client) -> None:
    answer = post(client, "/request", request_of({"type": "ulb", "width": "no size"}))
    taken(answer)
    assert answer.headers["x-photomill-ignored"] == "jobs[0].transformations[0].width"


@pytest.mark.parametrize("key", ["a\r\nset-cookie: b=c", "\0", "\x7f", "\u65e5\u672c", "\ud800", "", "x" * 5000])
def test_an_unknown_key_of_any_kind_is_named_in_plain_characters(client: Client, key: str) -> None:
    answer = post(client, "/request", request_of(**{key: 1}))
    taken(answer)
    named = answer.headers["x-photomill-ignored"]
    assert named.isascii()
    assert named.isprintable()
    assert len(named) <= 1000
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("value", ["a\0b", "\ud800", TOO_LARGE, 10**400, {"\0": ["\ud800", TOO_LARGE]}])
def test_an_unknown_value_that_no_database_keeps_is_ignored_too(client: Client, value: Any) -> None:
    job = create(client, unknown=value)
    assert "unknown" in job.request


# --- The order of checks -------------------------------------------------------------------------------------------


@pytest.fixture
def exhausted(shop: Path, minute: Clock, client: Client) -> None:
    """Alice has used up what she may ask in this minute."""
    Account.objects.filter(name="alice").update(requests_per_minute=1)
    post(client, "/request", b"")


@pytest.mark.usefixtures("exhausted")
def test_an_unknown_secret_is_401_before_any_limit(client: Client) -> None:
    assert refusal(post(client, "/request", b"{", token="nope"), 401) == "Invalid Secret"


@pytest.mark.usefixtures("exhausted")
def test_too_many_requests_are_429_before_the_body_is_read(client: Client) -> None:
    refusal(post(client, "/request", b"{"), 429)


def test_broken_json_is_400_before_the_service_is_looked_at(client: Client) -> None:
    assert "JSON" in refusal(post(client, "/request", b'{"service_id": 3, "jobs": ['))


def test_a_service_id_of_the_wrong_type_is_400_before_any_access_is_refused(client: Client) -> None:
    body = {"service_id": "three"}
    assert refusal(post(client, "/request", body, token="tokA3")).startswith("service_id ")


@pytest.mark.parametrize("number", [2, 3, 99, "3", 10**30])
def test_another_service_is_403_before_the_rest_of_the_body(client: Client, number: Any) -> None:
    said = refusal(post(client, "/request", {"service_id": number, "source": 5, "jobs": 5}), 403)
    assert "service" in said


def test_an_address_that_is_not_listed_is_403_before_the_rest_of_the_body(client: Client) -> None:
    said = refusal(post(client, "/request", {"service_id": 3, "source": 5}, token="tokA3"), 403)
    assert "address" in said


@pytest.mark.parametrize(
    ("changes", "first"),
    [
        ({"source": "..", "callback": "no", "jobs": 5}, "source"),
        ({"callback": "no", "jobs": 5}, "callback"),
        ({"jobs": [{"destination": "..", "quality": 101}]}, "jobs[0].destination"),
        ({"jobs": [{"destination": "a", "quality": 101, "transformations": 5}]}, "jobs[0].quality"),
    ],
)
def test_of_several_faults_one_is_named(client: Client, changes: dict[str, Any], first: str) -> None:
    assert refuse(client, **changes).startswith(first)


def test_a_request_that_is_refused_late_leaves_nothing_behind(client: Client) -> None:
    good = {"destination": "/a.png", "transformations": [{"type": "ulb"}]}
    refuse(client, jobs=[good, {"destination": "/b.png", "transformations": [{"type": "flip"}]}])
    assert not Job.objects.exists()
    assert create(client, jobs=[good], source=PHOTO).items.count() == 1
