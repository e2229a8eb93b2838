"""Jobs: made of sources and recipes, followed, looked into, run again and stopped."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from PIL import Image
from standardwebhooks import Webhook

from accounts.keys import create_key
from accounts.models import Account, Role, User
from accounts.tokens import issue_token
from jobs import references, services
from jobs.errors import UnknownImage
from jobs.models import Item, Job
from jobs.provisioning import provision
from jobs.spec import JobSpec, Source, Variant
from processing.base import AssetRef
from tests.dialects.claid.fixtures import serving
from tests.dialects.native.calls import FLIP, JOBS, OTHER_KEY, READER, RECIPES, SMALL, call, get, post, refusal
from tests.dialects.workers import Worker, await_that
from tests.images import encode, ramps

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("account")]
A, B, DEEP = ({"storage": "main", "key": key} for key in ("in/a.jpg", "in/b.jpg", "in/deep/a.jpg"))
WEB = {"url": "https://example.com/shoe.jpg"}


def run(client: Client, body: dict[str, Any]) -> dict[str, Any]:
    """The job of this request, once it has ended."""
    made = post(client, JOBS, body)
    await_end(made["id"])
    found: dict[str, Any] = get(client, f"{JOBS}/{made['id']}")
    return found


def await_end(job_id: str) -> None:
    ended = Job.objects.filter(public_id=job_id, finished_at__isnull=False)
    await_that(ended.exists, "the job's end")


def items(client: Client, job: dict[str, Any], query: str = "") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = get(client, f"{JOBS}/{job['id']}/items{query}")["items"]
    return found


def names(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def to(name: str, rule: str = "number") -> dict[str, Any]:
    return {"storage": "main", "name": name, "on_collision": rule}


# --- what a job makes ----------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("worker")
def test_every_source_goes_through_every_recipe_into_the_storage(client: Client, bucket: Path) -> None:
    job = run(client, {"sources": [A, B], "recipes": ["small", "flip"], "destination": {"storage": "main"}})
    assert (job["state"], job["items"]["ended"], job["outputs"]) == (
        "finished",
        2,
        {"total": 4, "stored": 4, "failed": 0},
    )
    made = ["flip/a.jpg", "flip/b.jpg", "small/a.jpg", "small/b.jpg"]
    assert [name for name in names(bucket) if not name.startswith("in/")] == made
    assert Image.open(bucket / "small/a.jpg").size == (40, 30)
    assert Image.open(bucket / "flip/a.jpg").size == (80, 60)


@pytest.mark.usefixtures("worker", "bucket")
def test_without_a_destination_each_result_is_at_a_link(client: Client) -> None:
    (item,) = items(client, run(client, {"sources": [A], "recipes": ["small"]}))
    (output,) = item["outputs"]
    assert (output["storage"], output["key"], output["format"]) == (None, None, "jpeg")
    assert output["url"].endswith("/a-small.jpg")
    answer = client.get(output["url"].partition("8000")[2])
    assert len(answer.content) == output["bytes"]


@pytest.mark.usefixtures("worker", "bucket")
def test_an_item_says_what_its_source_is_and_what_came_of_it(client: Client) -> None:
    source = {**A, "name": "shoe.jpg", "meta": {"product_id": "p-1", "stock": 3}}
    (item,) = items(client, run(client, {"sources": [source], "recipes": ["small"], "destination": to("{stem}.{ext}")}))
    assert (item["index"], item["name"], item["source"]) == (1, "shoe.jpg", "storage://main/in/a.jpg")
    assert item["meta"] == {"product_id": "p-1", "stock": 3}
    assert (item["picture"]["format"], item["picture"]["width"], item["picture"]["height"]) == ("jpeg", 80, 60)
    (output,) = item["outputs"]
    assert (output["recipe"], output["storage"], output["key"], output["url"]) == ("small", "main", "shoe.jpg", None)
    assert (output["width"], output["height"], output["error"]) == (40, 30, None)


@pytest.mark.usefixtures("worker")
def test_sources_lie_on_the_web_in_a_storage_or_among_the_reference_images(
    client: Client, account: Account, bucket: Path
) -> None:
    image = references.keep_image(account, name="logo.png", mime="image/png", data=encode(ramps((50, 20))))
    with serving() as web:
        sources = [
            {"url": f"{web.url}/200.jpg"},
            {"url": "storage://main/in/b.jpg"},
            {"url": f"storage://reference/{image.public_id}"},
        ]
        job = run(client, {"sources": sources, "recipes": ["flip"], "destination": to("out/{index}-{stem}.{ext}")})
    assert job["outputs"]["stored"] == 3
    made = sorted(path.name for path in (bucket / "out").iterdir())
    assert [name.partition("-")[0] for name in made] == ["1", "2", "3"]
    assert Image.open(bucket / "out" / made[2]).size == (50, 20)


@pytest.mark.usefixtures("worker")
def test_a_folder_is_read_with_the_folders_in_it_or_without(client: Client, bucket: Path) -> None:
    for recursive, made in ((True, ["a.jpg", "b.jpg", "deep/a.jpg"]), (False, ["a.jpg", "b.jpg"])):
        folder = {"storage": "main", "prefix": "in", "recursive": recursive}
        where = f"out-{recursive}"
        job = run(
            client,
            {"folders": [folder], "recipes": ["small"], "destination": to(f"{where}/{{folder}}/{{stem}}.{{ext}}")},
        )
        assert (job["is_complete"], job["items"]["total"]) == (True, len(made))
        assert names(bucket / where) == made


@pytest.mark.usefixtures("worker")
def test_a_chain_needs_no_recipe(client: Client, bucket: Path) -> None:
    chain = {"name": "mine", "steps": [*FLIP, *SMALL], "output": {"format": "png"}}
    job = run(client, {"sources": [A], "recipes": ["small"], "chains": [chain], "destination": {"storage": "main"}})
    assert [used["name"] for used in job["recipes"]] == ["small", "mine"]
    assert Image.open(bucket / "mine/a.png").size == (40, 30)


@pytest.mark.usefixtures("worker")
def test_a_recipe_is_taken_at_the_version_that_was_asked_for(client: Client, bucket: Path) -> None:
    wide = [{"operation": "resize", "params": {"width": {"value": 20}}}]
    post(client, f"{RECIPES}/small/versions", {"steps": wide, "output": {"format": "jpeg"}})
    job = run(client, {"sources": [A], "recipes": ["small@1", "small"], "destination": {"storage": "main"}})
    assert [(used["name"], used["version"]) for used in job["recipes"]] == [("small-v1", 1), ("small-v2", 2)]
    assert Image.open(bucket / "small-v1/a.jpg").size == (40, 30)
    assert Image.open(bucket / "small-v2/a.jpg").size == (20, 15)


def test_a_version_that_is_made_later_changes_nothing_for_a_job_under_way(client: Client) -> None:
    made = post(client, JOBS, {"sources": [WEB], "recipes": ["small"]})
    post(client, f"{RECIPES}/small/versions", {"steps": FLIP})
    assert Job.objects.get(public_id=made["id"]).variants[0]["steps"][0]["operation"] == "resize"


# --- names ---------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("worker")
def test_a_name_is_made_of_what_is_known_of_the_source(client: Client, bucket: Path) -> None:
    source = {**A, "meta": {"product_id": "p-1"}}
    run(client, {"sources": [source], "recipes": ["flip"], "destination": to("{meta.product_id}/{recipe}.{ext}")})
    assert (bucket / "p-1/flip.jpg").is_file()


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("{stm}.{ext}", "{stm} is no placeholder"),
        ("{stem}.{ext", "{ext is no placeholder"),
        ("a}.jpg", "} is no placeholder"),
        ("{meta}.jpg", "{meta} is no placeholder"),
        ("../{stem}.{ext}", "must not contain"),
        ("a/./{stem}", "must not contain"),
        ("a\\{stem}", "backslashes"),
        ("{stem}\n", "control characters"),
    ],
)
@pytest.mark.usefixtures("bucket")
def test_a_name_that_makes_no_key_is_refused(client: Client, name: str, said: str) -> None:
    body = {"sources": [A], "recipes": ["small"], "destination": to(name)}
    message, param = refusal(call(client, "POST", JOBS, body), 400, "malformed_request")
    assert said in message
    assert param == "destination.name"


@pytest.mark.parametrize(
    "meta", [{}, {"id": None}, {"id": ""}, {"id": "a/b"}, {"id": ".."}, {"id": True}, {"id": "x" * 201}]
)
@pytest.mark.usefixtures("bucket")
def test_a_source_that_lacks_what_the_name_asks_for_is_refused_by_its_place(client: Client, meta: Any) -> None:
    body = {
        "sources": [{**A, "meta": {"id": 1}}, {**B, "meta": meta}],
        "recipes": ["small"],
        "destination": to("{meta.id}.jpg"),
    }
    message, param = refusal(call(client, "POST", JOBS, body), 400, "malformed_request")
    assert param == "sources[1].meta.id"
    assert "b.jpg" in message
    assert not Job.objects.exists()


@pytest.mark.usefixtures("bucket")
def test_files_of_a_folder_have_no_meta_to_be_named_by(client: Client) -> None:
    body = {"folders": [{"storage": "main"}], "recipes": ["small"], "destination": to("{meta.id}.jpg")}
    assert refusal(call(client, "POST", JOBS, body), 400, "malformed_request")[1] == "destination.name"


@pytest.mark.parametrize("rule", ["overwrite", "refuse"])
@pytest.mark.usefixtures("bucket")
def test_names_that_all_results_would_share_are_refused_beforehand(client: Client, rule: str) -> None:
    for sources, recipes, name in (([A], ["small", "flip"], "{stem}.{ext}"), ([A, B], ["small"], "{recipe}.{ext}")):
        body = {"sources": sources, "recipes": recipes, "destination": to(name, rule)}
        assert refusal(call(client, "POST", JOBS, body), 400, "malformed_request")[1] == "destination.name"


@pytest.mark.usefixtures("worker")
def test_results_of_one_name_are_numbered(client: Client, bucket: Path) -> None:
    (bucket / "out").mkdir()
    (bucket / "out/p-1.jpg").write_bytes(b"somebody's")
    sources = [{**source, "meta": {"id": "p-1"}} for source in (A, B, DEEP)]
    for _ in range(2):
        run(client, {"sources": sources, "recipes": ["small"], "destination": to("out/{meta.id}.{ext}")})
    assert names(bucket / "out") == sorted(["p-1.jpg", *(f"p-1-{number}.jpg" for number in range(2, 8))])
    assert (bucket / "out/p-1.jpg").read_bytes() == b"somebody's"


@pytest.mark.usefixtures("worker")
def test_a_name_that_is_taken_fails_the_result_where_that_is_asked_for(client: Client, bucket: Path) -> None:
    (bucket / "a.jpg").write_bytes(b"somebody's")
    job = run(client, {"sources": [A, B], "recipes": ["small"], "destination": to("{stem}.{ext}", "refuse")})
    assert (job["outputs"]["stored"], job["outputs"]["failed"]) == (1, 1)
    (failed,) = items(client, job, "?state=failed")
    assert failed["outputs"][0]["error"]["code"] == "conflict"
    assert (bucket / "a.jpg").read_bytes() == b"somebody's"
    # Its own result is not in its way when it is run again.
    (bucket / "a.jpg").unlink()
    post(client, f"{JOBS}/{job['id']}/retry", status=202)
    await_end(job["id"])
    assert get(client, f"{JOBS}/{job['id']}")["outputs"]["stored"] == 2


@pytest.mark.usefixtures("worker")
def test_a_file_is_overwritten_where_that_is_asked_for_but_never_by_two_of_one_job(
    client: Client, bucket: Path
) -> None:
    (bucket / "p-1.jpg").write_bytes(b"old")
    sources = [{**source, "meta": {"id": "p-1"}} for source in (A, B)]
    for _ in range(2):
        job = run(client, {"sources": sources, "recipes": ["small"], "destination": to("{meta.id}.{ext}", "overwrite")})
        assert (job["outputs"]["stored"], job["outputs"]["failed"]) == (1, 1)
        assert items(client, job, "?state=failed")[0]["error"]["code"] == "conflict"
        assert Image.open(bucket / "p-1.jpg").size == (40, 30)


# --- what is refused -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "param"),
    [
        ({"sources": []}, "sources"),
        ({"sources": [{}]}, "sources[0]"),
        ({"sources": [{**WEB, "storage": "main", "key": "a"}]}, "sources[0]"),
        ({"sources": [{"storage": "main"}]}, "sources[0]"),
        ({"sources": [{"storage": "theirs", "key": "a"}]}, "sources[0]"),
        ({"sources": [{"storage": "main", "key": "../a"}]}, "sources[0]"),
        ({"sources": [WEB, {"url": "http://10.0.0.1/a.jpg"}]}, "sources[1].url"),
        ({"sources": [{"url": "ftp://example.com/a.jpg"}]}, "sources[0].url"),
        ({"sources": [{"url": "storage://reference/none"}]}, "sources[0].url"),
        ({"sources": [{"upload": "a.jpg"}]}, "sources[0].upload"),
        ({"sources": [{**WEB, "meta": {"a": []}}]}, "sources[0].meta.a.str"),
        ({"sources": [{**WEB, "meta": {"a": "x" * 9000}}]}, "sources[0].meta"),
        ({"sources": [{**WEB, "name": "../x"}]}, "sources[0].name"),
        ({"folders": [{"storage": "theirs"}]}, "folders[0]"),
        ({"folders": [{"storage": "web"}]}, "folders[0].storage"),
        ({"recipes": ["small", "small"]}, "recipes[1]"),
        ({"recipes": []}, None),
        ({"chains": [{"name": "x", "steps": [{"operation": "vanish"}]}]}, "chains[0].steps[0].operation"),
        ({"chains": [{"name": "x", "steps": []}]}, "chains[0].steps"),
        ({"destination": {"storage": "theirs"}}, "destination.storage"),
        ({"destination": {"storage": "web"}}, "destination.storage"),
        ({"destination": to("{stem}", "replace")}, "destination.on_collision"),
        ({"labels": [""]}, "labels[0]"),
        ({"callback": {"url": "http://10.0.0.1/"}}, "callback.url"),
        ({"callback": {"url": "https://example.com/", "secret": "x" * 30}}, "callback.secret"),
        ({"priority": 101}, "priority"),
        ({"priority": "1"}, "priority"),
        ({"speed": 1}, "speed"),
    ],
)
@pytest.mark.usefixtures("bucket")
def test_what_is_wrong_is_refused_by_the_path_of_its_field(
    client: Client, account: Account, change: Any, param: str | None
) -> None:
    web = {"name": "web", "type": "web_folder", "parameters": {"base_url": "https://example.com/"}}
    provision({"accounts": [{"name": "acme", "storages": [web]}]})
    body = {"sources": [WEB], "recipes": ["small"], **change}
    assert refusal(call(client, "POST", JOBS, body), 400, "malformed_request")[1] == param
    assert not Job.objects.exists()


@pytest.mark.parametrize("recipe", ["none", "small@2", "@1", "small@", "\ud800"])
def test_a_recipe_that_is_not_there_is_named(client: Client, recipe: str) -> None:
    answer = call(client, "POST", JOBS, {"sources": [WEB], "recipes": ["flip", recipe]})
    if answer.status_code == 404:
        assert refusal(answer, 404, "unknown_recipe")[1] == "recipes[1]"
    else:
        refusal(answer, 400, "malformed_request")


def test_a_job_may_have_a_thousand_sources_and_three_thousand_outputs(client: Client) -> None:
    many = [{"url": f"https://example.com/{number}.jpg"} for number in range(1001)]
    three = [{"name": f"chain-{number}", "steps": FLIP} for number in range(4)]
    made = post(client, JOBS, {"sources": many[:1000], "chains": three[:3]})
    assert (made["items"]["total"], made["outputs"]["total"]) == (1000, 3000)
    for sources, chains in ((many, three[:1]), (many[:751], three)):
        body = {"sources": sources, "chains": chains}
        assert refusal(call(client, "POST", JOBS, body), 400, "malformed_request")[1] == "sources"


@pytest.mark.parametrize("query", ["?limit=0", "?limit=101", "?limit=x", "?state=lost", "?pages=1", "?after=none"])
def test_a_query_that_says_nothing_is_refused(client: Client, query: str) -> None:
    answer = call(client, "GET", f"{JOBS}{query}")
    refusal(answer, 404, "unknown_job") if "after" in query else refusal(answer, 400, "malformed_request")


# --- who may -------------------------------------------------------------------------------------------------------


def token_of(account: Account, role: str) -> str:
    user = User.objects.create_user(f"{role}@acme.example", None, account=account, role=role)
    return issue_token(user, address=None, agent="")


def test_people_come_by_their_token_and_may_what_their_role_may(client: Client, account: Account) -> None:
    body = {"sources": [WEB], "recipes": ["small"]}
    for role in (Role.OWNER, Role.EDITOR):
        made = post(client, JOBS, body, key=token_of(account, role))
    viewer = token_of(account, Role.VIEWER)
    assert get(client, f"{JOBS}/{made['id']}", key=viewer)["id"] == made["id"]
    for path, sent in ((JOBS, body), (f"{JOBS}/{made['id']}/cancel", None), (RECIPES, {"id": "x"})):
        refusal(call(client, "POST", path, sent, key=viewer), 403, "not_allowed")


def test_a_key_that_reads_may_look_and_no_more(client: Client) -> None:
    body = {"sources": [WEB], "recipes": ["small"]}
    made = post(client, JOBS, body)
    assert [job["id"] for job in get(client, JOBS, key=READER)["jobs"]] == [made["id"]]
    refusal(call(client, "POST", JOBS, body, key=READER), 403, "not_allowed")


def test_who_shows_nothing_or_something_unknown_is_asked_for_a_key(client: Client) -> None:
    for key in (None, "api_unknown", "a.b.c"):
        answer = call(client, "GET", JOBS, key=key)
        refusal(answer, 401, "bad_credentials")
        assert answer["WWW-Authenticate"] == "Bearer"


def test_another_account_s_job_is_unknown(client: Client) -> None:
    made = post(client, JOBS, {"sources": [WEB], "recipes": ["small"]})
    for method, path in (("GET", ""), ("GET", "/items"), ("POST", "/retry"), ("POST", "/cancel")):
        refusal(call(client, method, f"{JOBS}/{made['id']}{path}", key=OTHER_KEY), 404, "unknown_job")
    assert get(client, JOBS, key=OTHER_KEY)["jobs"] == []


def test_to_post_takes_from_the_rate_and_to_look_does_not(client: Client, account: Account) -> None:
    Account.objects.filter(pk=account.pk).update(requests_per_minute=2)
    body = {"sources": [WEB], "recipes": ["small"]}
    answers = [call(client, "POST", JOBS, body) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [201, 201, 429]
    assert [answer["RateLimit-Remaining"] for answer in answers] == ["1", "0", "-1"]
    assert answers[2]["Retry-After"]
    for _ in range(5):
        get(client, JOBS)


@pytest.mark.usefixtures("worker", "bucket")
def test_each_output_takes_a_credit_and_what_fails_gives_it_back(client: Client, account: Account) -> None:
    Account.objects.filter(pk=account.pk).update(credits=5)
    gone = {"storage": "main", "key": "in/gone.jpg"}
    run(client, {"sources": [A, gone], "recipes": ["small", "flip"]})
    account.refresh_from_db()
    assert account.credits == 3
    refusal(call(client, "POST", JOBS, {"sources": [A, B], "recipes": ["small", "flip"]}), 402, "no_credits")
    assert Job.objects.count() == 1


def test_an_open_bill_is_said(client: Client, account: Account) -> None:
    Account.objects.filter(pk=account.pk).update(payment_due=True)
    refusal(call(client, "POST", JOBS, {"sources": [WEB], "recipes": ["small"]}), 402, "payment_due")


# --- following a job -----------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("worker")
def test_items_are_found_by_state_and_by_what_their_results_lost(client: Client, bucket: Path) -> None:
    frames = [ramps((30, 30)), ramps((30, 30)).rotate(90)]
    frames[0].save(bucket / "in/moving.gif", save_all=True, append_images=frames[1:])
    sources = [A, {"storage": "main", "key": "in/gone.jpg"}, {"storage": "main", "key": "in/moving.gif"}]
    job = run(client, {"sources": sources, "recipes": ["flip"]})
    (failed,) = items(client, job, "?state=failed")
    assert (failed["index"], failed["error"]["code"], failed["picture"]) == (2, "object_missing", None)
    assert [item["index"] for item in items(client, job, "?state=done")] == [1, 3]
    (lossy,) = items(client, job, "?loss=any")
    code = lossy["outputs"][0]["losses"][0]["code"]
    assert lossy["index"] == 3
    assert [item["index"] for item in items(client, job, f"?loss={code}&state=done")] == [3]
    assert items(client, job, "?loss=nothing_of_the_kind") == []
    refusal(call(client, "GET", f"{JOBS}/{job['id']}/items?loss=%22"), 400, "malformed_request")


def test_items_and_jobs_come_in_pages(client: Client) -> None:
    many = [{"url": f"https://example.com/{number}.jpg"} for number in range(5)]
    ids = [post(client, JOBS, {"sources": many, "recipes": ["small"], "labels": ["x"]})["id"] for _ in range(3)]
    job = {"id": ids[0]}
    assert [item["index"] for item in items(client, job, "?limit=2")] == [1, 2]
    page = get(client, f"{JOBS}/{ids[0]}/items?limit=2&after=2")
    assert ([item["index"] for item in page["items"]], page["next"]) == ([3, 4], 4)
    assert get(client, f"{JOBS}/{ids[0]}/items?after=4")["next"] is None
    first = get(client, f"{JOBS}?limit=2&label=x&state=queued")
    assert [found["id"] for found in first["jobs"]] == [ids[2], ids[1]]
    rest = get(client, f"{JOBS}?limit=2&after={first['next']}")
    assert ([found["id"] for found in rest["jobs"]], rest["next"]) == ([ids[0]], None)
    assert get(client, f"{JOBS}?label=y")["jobs"] == []


def test_to_ask_for_a_job_costs_the_same_however_many_items_it_has(client: Client) -> None:
    counts = []
    for size in (1, 500):
        sources = [{"url": f"https://example.com/{number}.jpg"} for number in range(size)]
        made = post(client, JOBS, {"sources": sources, "recipes": ["small"]})
        get(client, f"{JOBS}/{made['id']}")
        with CaptureQueriesContext(connection) as queries:
            get(client, f"{JOBS}/{made['id']}")
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 5


def test_a_page_of_items_costs_the_same_however_many_it_shows(client: Client) -> None:
    sources = [{"url": f"https://example.com/{number}.jpg"} for number in range(100)]
    made = post(client, JOBS, {"sources": sources, "recipes": ["small"]})
    counts = []
    for limit in (1, 100):
        with CaptureQueriesContext(connection) as queries:
            assert len(items(client, made, f"?limit={limit}")) == limit
        counts.append(len(queries))
    assert counts[0] == counts[1]


@pytest.mark.usefixtures("worker")
def test_only_what_failed_is_run_again(client: Client, bucket: Path, worker: Worker) -> None:
    sources = [A, {"storage": "main", "key": "in/late.jpg"}]
    job = run(client, {"sources": sources, "recipes": ["small"], "destination": to("out/{stem}.{ext}")})
    assert (job["items"]["failed"], job["outputs"]["stored"]) == (1, 1)
    done = len(worker.done)
    (bucket / "in/late.jpg").write_bytes((bucket / "in/a.jpg").read_bytes())
    again = post(client, f"{JOBS}/{job['id']}/retry", status=202)
    assert again["run"] == 2
    await_end(job["id"])
    assert get(client, f"{JOBS}/{job['id']}")["outputs"] == {"total": 2, "stored": 2, "failed": 0}
    await_that(lambda: len(worker.done) == done + 1, "one item more")
    assert names(bucket / "out") == ["a.jpg", "late.jpg"]
    refusal(call(client, "POST", f"{JOBS}/{job['id']}/retry"), 409, "conflict")


def test_a_job_that_has_not_ended_is_stopped_and_not_run_again(client: Client) -> None:
    made = post(client, JOBS, {"sources": [WEB, WEB], "recipes": ["small"]})
    refusal(call(client, "POST", f"{JOBS}/{made['id']}/retry"), 409, "conflict")
    stopped = post(client, f"{JOBS}/{made['id']}/cancel", status=200)
    assert (stopped["state"], stopped["items"]["ended"]) == ("cancelled", 2)
    assert [item["state"] for item in items(client, made)] == ["cancelled"] * 2
    refusal(call(client, "POST", f"{JOBS}/{made['id']}/cancel"), 409, "conflict")
    assert post(client, f"{JOBS}/{made['id']}/retry", status=202)["state"] == "queued"


@pytest.mark.usefixtures("worker", "bucket")
def test_whoever_is_to_be_told_gets_a_signed_message_and_the_secret_is_shown_nowhere(
    client: Client, receiver: Any
) -> None:
    secret = f"whsec_{base64.b64encode(b'0123456789abcdef01234567').decode()}"
    callback = {"url": receiver.url, "secret": secret}
    job = run(client, {"sources": [A], "recipes": ["small"], "callback": callback, "labels": ["spring"]})
    await_that(lambda: receiver.got, "the message")
    headers, body = receiver.got[0]
    told = Webhook(secret).verify(body, headers)
    assert told["type"] == "job.finished"
    assert told["job"] == {**job, "labels": ["spring"]}
    row = Job.objects.get()
    assert secret not in json.dumps([row.request, row.dialect_data])


def test_a_job_that_the_console_made_can_be_followed(client: Client, account: Account) -> None:
    used = [{"id": "small", "version": 1}]
    made = post(client, JOBS, {"sources": [WEB], "recipes": ["small"]})
    Job.objects.update(dialect_data={"kind": "run", "recipes": used})
    assert get(client, f"{JOBS}/{made['id']}")["recipes"] == [{"name": "small", "id": "small", "version": 1}]


def test_a_scope_that_is_for_something_else_is_not_enough(client: Client, account: Account) -> None:
    create_key(account, name="storages", secret="api_storages1", scopes=["storage"])
    refusal(call(client, "GET", JOBS, key="api_storages1"), 403, "not_allowed")
    assert Item.objects.count() == 0


@pytest.mark.usefixtures("bucket")
def test_nothing_of_another_account_can_be_a_source(client: Client, account: Account) -> None:
    image = references.keep_image(account, name="logo.png", mime="image/png", data=encode(ramps((50, 20))))
    chains = [{"name": "mine", "steps": FLIP}]
    for source in (A, {"url": f"storage://reference/{image.public_id}"}, {"url": "storage://main/in/a.jpg"}):
        refusal(
            call(client, "POST", JOBS, {"sources": [source], "chains": chains}, key=OTHER_KEY), 400, "malformed_request"
        )
    ref = AssetRef(kind="reference", location=image.public_id)
    spec = JobSpec(dialect="native", sources=(Source(ref=ref, name="logo.png"),), variants=(Variant(),))
    with pytest.raises(UnknownImage):
        services.create_job(account=Account.objects.get(name="rival"), spec=spec)
    assert services.create_job(account=account, spec=spec).items_total == 1
