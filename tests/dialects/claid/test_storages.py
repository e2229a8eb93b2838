"""Connected storages over the API: made, seen, changed and dropped, with no secret ever shown."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from accounts.models import Account, AuditEntry
from jobs.models import Service
from storage.models import Connection
from tests.dialects.claid.calls import (
    KEY,
    OTHER_KEY,
    STORAGE_KEY,
    STORAGES,
    call,
    data_of,
    error_of,
    faults_of,
    get,
    post,
)
from tests.dialects.claid.test_vectors import TIME

pytestmark = pytest.mark.django_db

SECRET = "YourSecretAccessKey"
CREDENTIALS = {"access_key": "AKIAXXXXXXX", "secret_access_key": SECRET}
S3 = {"name": "s3-playground", "type": "s3", "parameters": {"bucket": "playground", "credentials": CREDENTIALS}}
WEB = {"name": "web", "type": "web_folder", "parameters": {"base_url": "https://x.example/"}}


@pytest.fixture(autouse=True)
def acme(account: Account) -> Account:
    return account


def create(client: Client, body: dict[str, Any] = S3, **changes: Any) -> Any:
    return data_of(post(client, STORAGES, {**body, **changes}, key=STORAGE_KEY))


def with_parameters(**changes: Any) -> dict[str, Any]:
    parameters = {**S3["parameters"], **changes}  # type: ignore[dict-item]
    return {**S3, "parameters": {name: value for name, value in parameters.items() if value is not None}}


def path_of(storage: dict[str, Any]) -> str:
    return f"{STORAGES}/{storage['id']}"


def test_the_types_come_in_their_order(client: Client) -> None:
    for prefix in ("v1", "v1-beta1"):
        assert data_of(get(client, f"/{prefix}/storage/storage-types")) == ["web_folder", "s3", "gcs"]


# --- Made and seen -------------------------------------------------------------------------------------------------


def test_a_bucket_is_connected_and_shown_without_its_secret(client: Client) -> None:
    made = create(client)
    assert list(made) == ["id", "name", "type", "parameters", "created_at"]
    assert isinstance(made["id"], int)
    assert (made["name"], made["type"]) == ("s3-playground", "s3")
    assert made["parameters"] == {"path": "", "bucket": "playground", "credentials": {"access_key": "AKIAXXXXXXX"}}
    assert TIME.fullmatch(made["created_at"])
    assert data_of(get(client, path_of(made))) == made
    row = Connection.objects.get(pk=made["id"])
    assert (row.kind, row.parameters, row.credentials) == ("s3", {"bucket": "playground"}, CREDENTIALS)
    assert row.is_private is False


@pytest.mark.parametrize("path", ["", "/input/", "a/b"])
def test_a_folder_is_shown_as_it_was_written(client: Client, path: str) -> None:
    assert create(client, with_parameters(path=path))["parameters"]["path"] == path


def test_a_bucket_of_google_s_has_the_same_pair_of_keys(client: Client) -> None:
    made = create(client, type="gcs")
    assert (made["type"], made["parameters"]["bucket"]) == ("gcs", "playground")
    assert Connection.objects.get().kind == "gcs"


def test_a_web_folder_has_its_address_and_lets_other_keys_pass(client: Client) -> None:
    made = create(client, {**WEB, "parameters": {"base_url": "https://x.example/", "comment": "ours"}})
    assert made["parameters"] == {"base_url": "https://x.example/"}


def test_another_server_and_its_region_are_an_addition_of_ours(client: Client) -> None:
    extra = {"endpoint_url": "https://s3.shop.example", "region": "eu-central-1"}
    made = create(client, with_parameters(**extra))
    assert extra.items() <= made["parameters"].items()


def test_lists_have_the_account_s_own_oldest_first_without_credentials(client: Client, bucket: Path) -> None:
    first, second = create(client), create(client, WEB)
    listed = data_of(get(client, STORAGES, key=STORAGE_KEY))
    expected = [{**first, "parameters": {"path": "", "bucket": "playground"}}, second]
    assert listed == expected
    assert data_of(get(client, STORAGES, key=OTHER_KEY)) == []


def test_no_answer_has_the_secret(client: Client) -> None:
    made = create(client)
    patched = call(client, "PATCH", path_of(made), {"parameters": {"credentials": {"secret_access_key": f"{SECRET}2"}}})
    refused = post(client, STORAGES, {**S3, "type": "nfs"})
    for answer in (get(client, STORAGES), get(client, path_of(made)), patched, refused, post(client, STORAGES, S3)):
        assert SECRET.encode() not in answer.content
    assert SECRET not in json.dumps(list(AuditEntry.objects.values("target", "details")))


# --- Refused -------------------------------------------------------------------------------------------------------

BAD: list[tuple[dict[str, Any], dict[str, str]]] = [
    ({}, {"name": "field required", "type": "field required", "parameters": "field required"}),
    ({**S3, "name": ""}, {"name": "at least 1 characters"}),
    ({**S3, "name": "n" * 51}, {"name": "ensure this value has at most 50 characters"}),
    ({**S3, "name": "a/b"}, {"name": "slashes"}),
    ({**S3, "name": "a\0b"}, {"name": "control characters"}),
    ({**S3, "type": "nfs"}, {"type": "permitted: 'web_folder', 's3', 'gcs'"}),
    ({**S3, "type": "local", "parameters": {"path": "/"}}, {"type": "not a valid enumeration member"}),
    ({**S3, "private": True}, {"private": "extra fields not permitted"}),
    ({**S3, "parameters": []}, {"parameters.bucket": "field required", "parameters.credentials": "field required"}),
    ({**S3, "parameters": "x"}, {"parameters": "value is not a valid dict"}),
    (with_parameters(bucket=""), {"parameters.bucket": "at least 1 characters"}),
    (with_parameters(bucket="no/bucket"), {"parameters.bucket": "match pattern"}),
    (with_parameters(path="../x"), {"parameters.path": "'..'"}),
    (with_parameters(prefix="x"), {"parameters.prefix": "extra fields not permitted"}),
    (with_parameters(credentials={}), {"parameters.credentials.secret_access_key": "field required"}),
    (with_parameters(credentials={**CREDENTIALS, "token": "x"}), {"parameters.credentials.token": "extra fields"}),
    (
        with_parameters(credentials={**CREDENTIALS, "access_key": ""}),
        {"parameters.credentials.access_key": "at least 1"},
    ),
    (with_parameters(endpoint_url="ftp://a.example"), {"parameters.endpoint_url": "http://"}),
    (with_parameters(endpoint_url="http://10.0.0.1:9000"), {"parameters.endpoint_url": "not public"}),
    (with_parameters(endpoint_url="http://169.254.169.254/"), {"parameters.endpoint_url": "not public"}),
    (with_parameters(region="a b"), {"parameters.region": "match pattern"}),
    ({**with_parameters(endpoint_url="https://a.example"), "type": "gcs"}, {"parameters.endpoint_url": "extra fields"}),
    ({**WEB, "parameters": {}}, {"parameters.base_url": "field required"}),
    ({**WEB, "parameters": {"base_url": "x.example"}}, {"parameters.base_url": "http://"}),
    ({**WEB, "parameters": {"base_url": "http://[::1]/"}}, {"parameters.base_url": ""}),
]


@pytest.mark.parametrize(("body", "expected"), BAD, ids=range(len(BAD)))
def test_what_cannot_be_connected_is_refused_at_its_field(
    client: Client, settings: Any, body: dict[str, Any], expected: dict[str, str]
) -> None:
    settings.PHOTOMILL_ALLOWED_NETWORKS = []
    found = faults_of(post(client, STORAGES, body))
    for path, said in expected.items():
        assert any(said in message for message in found[path]), found
    assert not Connection.objects.exists()


def test_a_name_is_taken_once_in_an_account(client: Client, bucket: Path) -> None:
    create(client)
    for name in ("s3-playground", "storage_1"):
        said = error_of(post(client, STORAGES, {**WEB, "name": name}), 409, "storage")
        assert name in said["error_message"]
    data_of(post(client, STORAGES, S3, key=OTHER_KEY))


def test_another_account_s_storage_is_not_there(client: Client) -> None:
    theirs = data_of(post(client, STORAGES, S3, key=OTHER_KEY))
    for method, body in (("GET", None), ("PATCH", {"name": "mine"}), ("DELETE", None)):
        error_of(call(client, method, path_of(theirs), body), 404, "storage")
    assert Connection.objects.get().name == "s3-playground"


def test_a_storage_of_a_type_that_claid_has_not_is_not_there(client: Client, bucket: Path) -> None:
    assert data_of(get(client, STORAGES)) == []
    error_of(get(client, f"{STORAGES}/{Connection.objects.get().pk}"), 404, "storage")


# --- Changed -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "parameters", "credentials"),
    [
        ({"name": "other"}, {}, {}),
        ({}, {}, {}),
        ({"name": None, "parameters": None}, {}, {}),
        ({"parameters": {"path": "in"}}, {"path": "in"}, {}),
        ({"parameters": {"bucket": "another", "path": None}}, {"bucket": "another"}, {}),
        ({"type": "s3", "parameters": {"credentials": {"access_key": "NEW"}}}, {}, {"access_key": "NEW"}),
        ({"parameters": {"credentials": {"secret_access_key": "NEW"}}}, {}, {"secret_access_key": "NEW"}),
        ({"parameters": {"endpoint_url": "https://s3.shop.example"}}, {"endpoint_url": "https://s3.shop.example"}, {}),
    ],
)
def test_what_is_changed_changes_and_the_rest_stays(
    client: Client, change: dict[str, Any], parameters: dict[str, str], credentials: dict[str, str]
) -> None:
    made = create(client)
    changed = data_of(call(client, "PATCH", path_of(made), change))
    row = Connection.objects.get()
    assert row.parameters == {"bucket": "playground", **parameters}
    assert row.credentials == {**CREDENTIALS, **credentials}
    assert (changed["id"], changed["name"], changed["type"]) == (made["id"], change.get("name") or made["name"], "s3")
    assert changed["created_at"] == made["created_at"]


def test_another_type_needs_all_of_its_parameters(client: Client) -> None:
    made = create(client)
    assert faults_of(call(client, "PATCH", path_of(made), {"type": "web_folder"})) == {"parameters": ["field required"]}
    found = faults_of(call(client, "PATCH", path_of(made), {"type": "gcs", "parameters": {"path": "x"}}))
    assert set(found) == {"parameters.bucket", "parameters.credentials"}
    changed = data_of(call(client, "PATCH", path_of(made), {"type": "web_folder", "parameters": WEB["parameters"]}))
    assert changed["parameters"] == WEB["parameters"]
    assert Connection.objects.get().credentials is None


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"parameters": {"acl": "public"}}, "parameters.acl"),
        ({"parameters": {"bucket": ""}}, "parameters.bucket"),
        ({"parameters": {"base_url": "https://x.example"}}, "parameters.base_url"),
        ({"id": 7}, "id"),
        ({"name": "n" * 51}, "name"),
        ({"parameters": {"path": "../x"}}, "parameters.path"),
    ],
)
def test_a_change_that_is_none_is_refused_and_nothing_is_written(
    client: Client, change: dict[str, Any], path: str
) -> None:
    made = create(client)
    assert path in faults_of(call(client, "PATCH", path_of(made), change))
    assert data_of(get(client, path_of(made))) == made


def test_a_name_that_is_taken_is_not_given_by_a_change(client: Client) -> None:
    create(client)
    web = create(client, WEB)
    error_of(call(client, "PATCH", path_of(web), {"name": "s3-playground"}), 409, "storage")
    assert data_of(get(client, path_of(web)))["name"] == "web"


# --- Dropped -------------------------------------------------------------------------------------------------------


def test_a_storage_is_dropped_and_then_gone(client: Client) -> None:
    made = create(client)
    assert data_of(call(client, "DELETE", path_of(made))) is None
    error_of(get(client, path_of(made)), 404, "storage")
    error_of(call(client, "DELETE", path_of(made)), 404, "storage")
    create(client)


def test_a_storage_that_a_service_works_on_stays(client: Client, account: Account) -> None:
    made = create(client)
    Service.objects.create(number=1, account=account, connection_id=made["id"])
    said = error_of(call(client, "DELETE", path_of(made)), 409, "storage")
    assert "in use" in said["error_message"]
    assert Connection.objects.exists()


def test_the_audit_log_says_who_did_it(client: Client, account: Account) -> None:
    made = create(client)
    call(client, "PATCH", path_of(made), {"parameters": {"path": "x"}}, key=KEY)
    call(client, "DELETE", path_of(made), key=STORAGE_KEY)
    entries = AuditEntry.objects.filter(account=account).order_by("pk")
    assert [(entry.action, entry.actor.split(" (")[0]) for entry in entries] == [
        ("storage_created", "API key storages"),
        ("storage_changed", "API key all"),
        ("storage_deleted", "API key storages"),
    ]
    assert {entry.target for entry in entries} == {"storage s3-playground (s3)"}
    assert {entry.address for entry in entries} == {"127.0.0.1"}
    assert entries[1].details == {"fields": ["parameters"]}
