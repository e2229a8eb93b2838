"""Every route and method of every product's API, asked by everybody who must not get through.

The routes are read off the URLconf: one that is added without a row in `matrix/rows.py` is red here.
"""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.management import call_command
from django.http import HttpResponse
from django.test import Client, override_settings

from jobs import dialects
from storage import connections
from tests.dialects.matrix.routes import METHODS, Route, list_routes, spell
from tests.dialects.matrix.rows import DOORS, LATER, MANY, MORE, OPEN, OUTSIDE, ROWS, SUBMIT, Row, file
from tests.dialects.matrix.world import LABEL, MARK, STRANGERS, Asked, World, make_world

pytestmark = pytest.mark.django_db

ROUTES = list_routes()
PRODUCTS = [route for route in ROUTES if route.owner in dialects.all()]
OTHERS = [route for route in ROUTES if route.owner not in dialects.all()]
LIMITED = ("read only", "wrong scope")
ODD_METHODS = (*METHODS, "OPTIONS", "HEAD", "TRACE", "PROPFIND", "X-NOTHING")


def list_cases() -> Iterator[Any]:
    for route in PRODUCTS:
        for method in sorted(route.methods or ()):
            if f"{route.view} {method}" not in OPEN.get(route.owner, {}):
                yield pytest.param(route, method, id=f"{method} {route.path} ({route.owner})")


every_method = pytest.mark.parametrize(("route", "method"), [*list_cases()])
every_product_route = pytest.mark.parametrize("route", PRODUCTS, ids=str)


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Alice with a job of each product, made as she would make it. Made once: what a test does is taken back."""
    folder = tmp_path_factory.mktemp("matrix")
    (folder / "bucket").mkdir()
    connections._opened.clear()
    with override_settings(PHOTOMILL_STORAGE_URL=f"file://{folder}/house"):
        with django_db_blocker.unblock():
            made = make_jobs(make_world(folder / "bucket"))
        yield made
        with django_db_blocker.unblock():
            call_command("flush", verbosity=0, interactive=False)
    connections._opened.clear()


def make_jobs(made: World) -> World:
    row = ROWS["slashed"]["CreateProcess POST"]
    made.ids["process"] = submit(made, "slashed", "/request", row.ask(made))["process_id"]
    made.ids["edit"] = submit(made, "claid", "/v1/image/edit/async", Asked(body=LATER))["data"]["id"]
    made.ids["batch"] = submit(made, "claid", "/v1/image/edit/batch", Asked(body=MANY))["data"]["id"]
    made.ids["recipe job"] = submit(made, "cropphoto", "/v1/recipe/job/submit", Asked(body=SUBMIT))["id"]
    banner = {"input_image": file(f"{MARK}.png"), "mask_image": file(), "job_labels": [LABEL]}
    made.ids["job"] = submit(made, "native", "/api/jobs", ROWS["native"]["Jobs POST"].ask(made))["id"]
    made.ids["banner"] = submit(made, "cropphoto", "/v1/banners/with-mask/create", Asked(form=banner))["job_id"]
    return made


def submit(world: World, owner: str, path: str, asked: Asked) -> Any:
    answer = send(world, Route(owner, "", path, None), "POST", asked, "alice", "image_editing")
    assert answer.status_code in (200, 201), answer.content
    return answer.json()


def send(world: World, route: Route, method: str, asked: Asked, who: str, scope: str) -> HttpResponse:
    secret = world.credential(DOORS.get(route.owner, "key"), who, scope=scope)
    path = route.path.format(**asked.path) + (f"?{asked.query}" if asked.query else "")
    headers = {"authorization": f"Bearer {secret}"} if secret else {}
    client = Client(headers=headers, raise_request_exception=False)
    if asked.form is not None:
        return client.post(path, asked.form)  # type: ignore[return-value]
    more = {} if asked.body is None else {"data": asked.body, "content_type": "application/json"}
    return getattr(client, method.lower())(path, **more)  # type: ignore[no-any-return]


def read(answer: HttpResponse) -> str:
    body = b"".join(answer.streaming_content) if answer.streaming else answer.content  # type: ignore[arg-type]
    return f"{answer.headers} {body.decode()}"


def row_of(route: Route, method: str) -> Row:
    found = ROWS.get(route.owner, {}).get(f"{route.view} {method}")
    assert found, f"{method} {route.path}: put a row {route.view + ' ' + method!r} for it into matrix/rows.py"
    return found


def expect_refusal(world: World, route: Route, method: str, row: Row, who: str, statuses: set[int]) -> None:
    """The caller gets one of the statuses, reads nothing that is Alice's, and changes nothing of it."""
    asked = row.ask(world)
    before = world.look()
    # What is made to show who calls may change what is looked at: the second look shows that it does not.
    answer = send(world, route, method, asked, who, row.scope)
    assert answer.status_code in statuses, (who, answer.content)
    assert learnt(answer, asked) == [], who
    assert mine(world.look()) == mine(before), who


def learnt(answer: HttpResponse, asked: Asked) -> list[str]:
    """The names of Alice's that the answer tells whoever did not say them in the request."""
    said = str(asked)
    return [name for name in re.findall(rf"{MARK}[\w-]*", read(answer)) if name not in said]


def mine(look: str) -> str:
    """What was looked at, without the people who were added to call."""
    return re.sub(r'"User": \[.*?\]\}?', "", look)


# --- who is asked, and refused -----------------------------------------------------------------------------------


@every_method
def test_whoever_is_unknown_revoked_or_expired_gets_nothing(route: Route, method: str, world: World) -> None:
    for who in STRANGERS:
        expect_refusal(world, route, method, row_of(route, method), who, {401})


@every_method
def test_another_account_gets_nothing_of_this_one(route: Route, method: str, world: World) -> None:
    row = row_of(route, method)
    expect_refusal(world, route, method, row, "another account", {row.foreign})


@every_method
def test_a_key_that_may_only_read_or_do_something_else_does_not_do_this(
    route: Route, method: str, world: World
) -> None:
    row = row_of(route, method)
    for who in LIMITED:
        if who == "read only" and row.reads:
            assert send(world, route, method, row.ask(world), who, row.scope).status_code == row.good
        else:
            expect_refusal(world, route, method, row, who, {401, 403})


@every_method
def test_its_owner_gets_what_the_others_are_refused(route: Route, method: str, world: World) -> None:
    """Without this the rest would prove nothing: a request that nobody could send is refused to everybody."""
    row = row_of(route, method)
    answer = send(world, route, method, row.ask(world), "alice", row.scope)
    assert answer.status_code == row.good, answer.content


@pytest.mark.parametrize(("owner", "name", "row", "who"), MORE)
def test_what_is_named_in_other_words_is_as_much_out_of_reach(
    owner: str, name: str, row: Row, who: str, world: World
) -> None:
    view, _, method = name.partition(" ")
    route = next(route for route in PRODUCTS if (route.owner, route.view) == (owner, view))
    expect_refusal(world, route, method, row, who, {row.foreign})


# --- the rest of what can be asked -------------------------------------------------------------------------------


@every_product_route
def test_methods_that_a_path_does_not_take_are_refused_to_its_owner_too(route: Route, world: World) -> None:
    path = route.path.format_map(Anything())
    before = world.look()
    for method in ODD_METHODS:
        if method in (route.methods or ()) or (method == "HEAD" and "GET" in (route.methods or ())):
            continue
        secret = world.credential(DOORS.get(route.owner, "key"), "alice", scope="admin")
        answer = Client(raise_request_exception=False).generic(
            method, path, headers={"authorization": f"Bearer {secret}"}
        )
        assert 400 <= answer.status_code < 500, (method, answer.content)
        assert MARK not in read(answer)  # type: ignore[arg-type]
    assert mine(world.look()) == mine(before)


class Anything(dict[str, str]):
    """A value for every name of a path."""

    def __missing__(self, name: str) -> str:
        return "1"


@pytest.mark.parametrize("route", [route for route in OTHERS if f"{route.view} {route.path}" not in OUTSIDE], ids=str)
def test_whatever_is_of_no_product_asks_for_a_login(route: Route, world: World) -> None:
    assert route.path.startswith("/admin/"), f"{route}: say in OUTSIDE of matrix/rows.py why anybody may see it"
    key = world.credential("key", "alice", scope="admin")
    for headers in ({}, {"authorization": f"Bearer {key}"}):
        for method in ("GET", "POST"):
            path = route.path.format_map(Anything())
            answer = Client(headers=headers, raise_request_exception=False).generic(method, path)
            assert answer.status_code in (302, 403, 404, 405), (method, answer.status_code)
            # The admin's first page asks for a login, as each of its pages does.
            assert answer.headers.get("Location", "/admin/").startswith("/admin/")
            assert MARK not in read(answer)  # type: ignore[arg-type]


# --- the table itself --------------------------------------------------------------------------------------------


def test_every_row_is_a_route_s() -> None:
    """One that is left over hides that its route was renamed, and is no longer looked at."""
    asked = {(route.owner, f"{route.view} {method}") for route in PRODUCTS for method in route.methods or ()}
    rows = {(owner, name) for table in (ROWS, OPEN) for owner, names in table.items() for name in names}
    assert rows == asked
    assert OUTSIDE.keys() <= {f"{route.view} {route.path}" for route in OTHERS}


def test_a_route_without_a_row_would_be_found() -> None:
    with pytest.raises(AssertionError, match="put a row 'NewView POST' for it"):
        row_of(Route("claid", "NewView", "/v1/new", frozenset({"POST"})), "POST")


@pytest.mark.parametrize(
    ("pattern", "texts"),
    [
        (r"^a/(?:b|c)/(?P<id>[^/]+)/?$", ["a/b/{id}", "a/c/{id}"]),
        (r"^(?:one|other)/[\s\S]$", ["one/x", "other/x"]),
        (r"^a(?:/[\s\S]*)?$", ["a/x"]),
        (r"^files/(?P<day>\d{4})\Z", ["files/{day}"]),
        (r"^[0-9]{2}-(?:x)+$", ["00-x"]),
    ],
)
def test_a_path_is_spelled_out_for_each_branch(pattern: str, texts: list[str]) -> None:
    assert spell(pattern) == texts
