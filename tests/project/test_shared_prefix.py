"""The prefix that Claid and Crop.photo share: what belongs to neither is answered so that both can read it."""

import json

import pytest
from django.test import Client, RequestFactory

from jobs import dialects
from jobs.errors import UnknownPath

pytestmark = pytest.mark.django_db

PATHS = ["/v1", "/v1/", "/v1/nothing", "/v1/images", "/v1/recipes/list", "/v1/imagery/edit", "/v1/a\n/b%20%00"]
METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("method", METHODS)
def test_a_path_of_no_product_has_the_members_of_both(client: Client, method: str, path: str) -> None:
    answer = Client(enforce_csrf_checks=True).generic(method, path, b"{")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/json"
    body = json.loads(answer.content)
    for name in ("claid", "cropphoto"):
        said = dialects.get(name).error_body(UnknownPath("There is nothing at this path."), RequestFactory().get(path))
        assert said.items() <= body.items()
    assert len(body) == 8
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-request-id"]


@pytest.mark.parametrize("path", ["/v1/image/edit/none", "/v1/storage", "/v1/scene/", "/v1/video/x", "/v1-beta1/crop"])
def test_what_is_claid_s_alone_has_its_members_alone(client: Client, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 404
    assert set(answer.json()) == {"error_code", "error_type", "error_message", "error_details"}


@pytest.mark.parametrize("path", ["/v1/recipe", "/v1/crop/nothing", "/v1/banners/"])
def test_what_is_crop_photo_s_alone_has_its_members_alone(client: Client, path: str) -> None:
    assert set(client.get(path).json()) == {"status", "type", "title", "detail"}


@pytest.mark.parametrize("path", ["/v2/image/edit", "/v1beta1", "/v10/x", "/v1-beta"])
def test_another_prefix_is_nobody_s(client: Client, path: str) -> None:
    answer = client.get(path)
    assert (answer.status_code, list(answer.json())) == (404, ["message"])
