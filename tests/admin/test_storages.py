"""The page of storages: a form for each kind, credentials that go in and stay in, and a try that really tries."""

import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from storage import kinds
from storage.forms import CREDENTIALS, PARAMETERS, for_kind
from storage.models import Connection
from tests.admin.tenants import SECRET_ACCESS_KEY, Tenant

ADD = "admin:storage_connection_add"


def change_url(connection: Connection) -> str:
    return reverse("admin:storage_connection_change", args=[connection.pk])


def s3_fields(**more: str) -> dict[str, str]:
    return {"name": "new", f"{PARAMETERS}bucket": "b", f"{PARAMETERS}region": "us-east-1", **more}


def try_it(client: Client, connection: Connection, **sent: str) -> str:
    path = reverse("admin:storage_connection_test_connection", args=[connection.pk])
    return client.post(path, sent, follow=True).content.decode()


@pytest.mark.parametrize("kind", sorted(kinds.all()))
def test_the_form_of_every_kind_asks_for_what_the_kind_needs(operator: Client, kind: str) -> None:
    answer = operator.get(f"{reverse(ADD)}?kind={kind}")
    assert answer.status_code == 200
    shown = answer.context["adminform"].form.fields
    for name, info in kinds.get(kind).Parameters.model_fields.items():
        assert shown[PARAMETERS + name].required == info.is_required()
        assert info.description is not None
        assert info.description[1:] in shown[PARAMETERS + name].help_text
    assert {name for name in shown if name.startswith(CREDENTIALS)} == {
        CREDENTIALS + name for name in kinds.get(kind).Credentials.model_fields
    }


def test_the_kind_is_chosen_first_and_only_operators_may_choose_this_machine(owner: Client, operator: Client) -> None:
    assert "?kind=local" in operator.get(reverse(ADD)).content.decode()
    assert "?kind=local" not in owner.get(reverse(ADD)).content.decode()
    answer = owner.post(f"{reverse(ADD)}?kind=local", {"name": "root", f"{PARAMETERS}path": "/"})
    assert "?kind=s3" in answer.content.decode()
    assert not Connection.objects.filter(kind="local").exists()


def test_a_storage_is_connected(owner: Client, a: Tenant) -> None:
    secret = {f"{CREDENTIALS}access_key": "AKIANEW99999", f"{CREDENTIALS}secret_access_key": "new-secret-key"}
    assert owner.post(f"{reverse(ADD)}?kind=s3", s3_fields(**secret)).status_code == 302
    made = Connection.objects.get(name="new")
    assert (made.account, made.kind, made.is_private) == (a.account, "s3", False)
    assert made.parameters == {"bucket": "b", "region": "us-east-1"}
    assert made.credentials == {"access_key": "AKIANEW99999", "secret_access_key": "new-secret-key"}


@pytest.mark.parametrize(
    ("kind", "sent", "field"),
    [
        ("s3", {f"{PARAMETERS}bucket": ""}, f"{PARAMETERS}bucket"),
        ("s3", {f"{PARAMETERS}bucket": "b" * 256}, f"{PARAMETERS}bucket"),
        ("s3", {"name": "shop"}, "__all__"),
        ("web_folder", {}, f"{PARAMETERS}base_url"),
        ("local", {f"{PARAMETERS}path": "not/absolute"}, f"{PARAMETERS}path"),
    ],
)
def test_what_is_wrong_is_said_at_its_field(
    operator: Client, a: Tenant, kind: str, sent: dict[str, str], field: str
) -> None:
    fields = (s3_fields() if kind == "s3" else {"name": "new"}) | sent | {"account": a.account.pk}
    answer = operator.post(f"{reverse(ADD)}?kind={kind}", fields)
    assert answer.status_code == 200
    assert list(answer.context["adminform"].form.errors) == [field]


def test_empty_credentials_keep_the_old_ones(owner: Client, a: Tenant) -> None:
    shown = owner.get(change_url(a["connection"])).content.decode()
    assert "…1234" in shown
    assert "AKIAEXAMPLE" not in shown
    owner.post(change_url(a["connection"]), s3_fields(name="renamed"))
    kept = Connection.objects.get(pk=a["connection"].pk)
    assert (kept.name, kept.credentials["secret_access_key"]) == ("renamed", SECRET_ACCESS_KEY)


def test_one_credential_is_replaced_and_all_are_removed(owner: Client, a: Tenant) -> None:
    owner.post(change_url(a["connection"]), s3_fields(**{f"{CREDENTIALS}secret_access_key": "rolled-over"}))
    kept = Connection.objects.get(pk=a["connection"].pk)
    assert kept.credentials == {"access_key": "AKIAEXAMPLE1234", "secret_access_key": "rolled-over"}
    owner.post(change_url(a["connection"]), s3_fields(forget_credentials="on"))
    assert Connection.objects.get(pk=a["connection"].pk).credentials is None


def test_only_an_operator_opens_a_private_network(owner: Client, operator: Client, a: Tenant) -> None:
    owner.post(change_url(a["connection"]), s3_fields(is_private="on"))
    assert not Connection.objects.get(pk=a["connection"].pk).is_private
    operator.post(change_url(a["connection"]), s3_fields(is_private="on"))
    assert Connection.objects.get(pk=a["connection"].pk).is_private


def test_what_an_operator_opened_is_not_pointed_elsewhere_by_others(owner: Client, a: Tenant) -> None:
    Connection.objects.update(is_private=True)
    moved = s3_fields(**{f"{PARAMETERS}endpoint_url": "http://10.0.0.1:9000"})
    assert owner.get(change_url(a["connection"])).status_code == 200
    assert owner.post(change_url(a["connection"]), moved).status_code == 403
    delete = reverse("admin:storage_connection_delete", args=[a["connection"].pk])
    assert owner.post(delete, {"post": "yes"}).status_code == 403


def test_the_field_types_of_a_kind_become_form_fields() -> None:
    form = for_kind("s3")
    assert form.base_fields[f"{PARAMETERS}region"].initial == "us-east-1"
    assert not form.base_fields[f"{PARAMETERS}endpoint_url"].required


def test_a_try_of_a_folder_lists_and_reads(operator: Client, a: Tenant, tmp_path: Path) -> None:
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "small.jpg").write_bytes(b"x" * 1234)
    (tmp_path / "shop" / "large.jpg").write_bytes(b"x" * 9999)
    place = Connection.objects.create(
        account=a.account, name="folder", kind="local", parameters={"path": str(tmp_path / "shop")}
    )
    shown = try_it(operator, place)
    assert "large.jpg, small.jpg" in shown
    assert "Read small.jpg" in shown
    assert "1,234 bytes" in shown
    assert "There is no file" in try_it(operator, place, key="missing.jpg")


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args: Any) -> None:
        """Nothing on the terminal."""


@pytest.fixture
def web_server(tmp_path: Path) -> Iterator[str]:
    (tmp_path / "a.jpg").write_bytes(b"picture")
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(tmp_path)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_a_try_of_a_web_folder_reads_the_key_that_is_named(owner: Client, a: Tenant, web_server: str) -> None:
    place = Connection.objects.create(
        account=a.account, name="web", kind="web_folder", parameters={"base_url": web_server}
    )
    shown = try_it(owner, place, key="a.jpg")
    assert "cannot be listed" in shown
    assert "7 bytes" in shown


def test_a_try_of_a_storage_that_is_not_there_says_so(owner: Client, a: Tenant) -> None:
    """Nobody listens at its endpoint."""
    shown = try_it(owner, a["connection"])
    assert "reached" in shown
    assert SECRET_ACCESS_KEY not in shown
