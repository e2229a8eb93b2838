"""The page Models: what operators see of the files that see in pictures."""

from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from processing import weights
from tests.admin.tenants import Tenant

pytestmark = pytest.mark.django_db

PAGE = "/admin/models/"
SMALL = "waifu2x_photo_noise1_scale2x.param"


def test_an_operator_sees_each_model_with_its_licence_and_digest(operator: Client) -> None:
    shown = operator.get(PAGE).content.decode()
    for name, line in weights.all().items():
        assert name in shown
        assert line.sha256 in shown
    assert "Apache-2.0" in shown


def test_a_file_that_is_not_what_it_should_be_is_shown_with_the_reason(operator: Client, tmp_path: Path) -> None:
    good = weights.path_of(SMALL).read_bytes()
    (tmp_path / SMALL).write_bytes(good[::-1])
    weights.use(tmp_path)
    try:
        shown = operator.get(PAGE).content.decode()
    finally:
        weights.use(None)
    assert f"the model {SMALL} is not the file that it should be" in shown


def test_the_side_bar_leads_operators_there_and_nobody_else(operator: Client, owner: Client) -> None:
    assert PAGE in operator.get("/admin/").content.decode()
    assert PAGE not in owner.get("/admin/").content.decode()


def test_nobody_but_an_operator_gets_the_page(owner: Client, client: Client, a: Tenant) -> None:
    assert owner.get(PAGE).status_code == 404
    assert client.get(PAGE)["location"].startswith("/admin/login/")


def test_the_health_page_names_each_model(client: Client, settings: Any) -> None:
    assert set(client.get("/readyz").json()["models"]) == set(weights.all())
