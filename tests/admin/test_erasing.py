"""The button that deletes a job, with its files."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import AuditEntry
from jobs.admin import jobs as page
from jobs.models import Item, Job
from jobs.retention.purge import purge
from jobs.retention.rounds import Round
from storage.house import house
from tests.admin.tenants import Tenant

pytestmark = pytest.mark.django_db


def press(client: Client, job: Job) -> Any:
    return client.post(reverse("admin:jobs_job_erase", args=[job.pk]), follow=True)


def put_result(tenant: Tenant) -> str:
    key: str = tenant["output"].key
    house().write(key, b"result", content_type="image/jpeg")
    return key


def test_a_job_is_deleted_with_its_files_and_written_down(editor: Client, a: Tenant, b: Tenant) -> None:
    gone, kept = put_result(a), put_result(b)
    assert "is deleted" in press(editor, a["job"]).content.decode()
    assert (house().exists(gone), house().exists(kept)) == (False, True)
    assert list(Job.every.all()) == [b["job"]]
    assert AuditEntry.objects.get(action="erased").account == a.account


def test_a_question_comes_first(editor: Client, a: Tenant) -> None:
    assert editor.get(reverse("admin:jobs_job_erase", args=[a["job"].pk])).status_code == 200
    assert Job.objects.filter(pk=a["job"].pk).exists()


def test_a_large_job_is_hidden_at_once_and_deleted_by_the_purge(
    editor: Client, a: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page, "ERASED_AT_ONCE", 0)
    key = put_result(a)
    assert "is being deleted" in press(editor, a["job"]).content.decode()
    assert not Job.objects.filter(pk=a["job"].pk).exists()
    assert house().exists(key)
    purge(Round())
    assert (house().exists(key), Item.objects.filter(job=a["job"].pk).exists()) == (False, False)


def test_a_viewer_and_another_account_cannot_delete_it(viewer: Client, editor: Client, a: Tenant, b: Tenant) -> None:
    assert press(viewer, a["job"]).status_code == 403
    assert press(editor, b["job"]).status_code == 404
    assert Job.objects.count() == 2


def test_a_storage_that_fails_leaves_the_files_to_the_purge(editor: Client, a: Tenant, settings: Any) -> None:
    settings.PHOTOMILL_STORAGE_URL = "s3://k:s@house?endpoint_url=http://127.0.0.1:1"
    settings.PHOTOMILL_FETCH_SECONDS = 0.3
    assert "is hidden" in press(editor, a["job"]).content.decode()
    assert not Job.objects.filter(pk=a["job"].pk).exists()
    assert Job.every.filter(pk=a["job"].pk).exists()
