"""The pages of jobs, items and deliveries: what they show, what they cost, and what their buttons do."""

import hashlib
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from jobs.models import Delivery, Item, Job, Output, Service
from jobs.models.deliveries import DeliveryState
from jobs.models.jobs import ItemState, JobState, OutputState
from storage.house import house
from tests.admin.tenants import Tenant, make_item, make_job

LIST = "admin:jobs_job_changelist"
MOST_QUERIES = 20


def job_url(job: Job, query: str = "") -> str:
    return reverse("admin:jobs_job_change", args=[job.pk]) + query


def count_queries(client: Client, path: str) -> int:
    with CaptureQueriesContext(connection) as queries:
        assert client.get(path).status_code == 200
    return len(queries)


def test_the_list_costs_the_same_for_one_job_and_for_many(operator: Client, a: Tenant, b: Tenant) -> None:
    few = count_queries(operator, reverse(LIST))
    for number in range(30):
        make_job(a.account, a["service"], f"more-{number}")
    assert count_queries(operator, reverse(LIST)) == few <= MOST_QUERIES


@pytest.mark.parametrize("term", ["job-of-al", "label-job-of-alpha", "job-of-alpha-0.jpg"])
def test_a_job_is_found_by_id_label_and_source_name(operator: Client, a: Tenant, b: Tenant, term: str) -> None:
    answer = operator.get(reverse(LIST), {"q": term})
    assert list(answer.context["cl"].queryset) == [a["job"]]


@pytest.mark.parametrize(
    "query", ["state__exact=running", "dialect=native", "queue__exact=vision", "created_at__year=1999"]
)
def test_filters_narrow_the_list(operator: Client, a: Tenant, query: str) -> None:
    answer = operator.get(f"{reverse(LIST)}?{query}")
    assert answer.status_code == 200
    assert not answer.context["cl"].queryset.exists()


def test_the_list_says_how_far_a_job_is(operator: Client, a: Tenant) -> None:
    Job.objects.filter(pk=a["job"].pk).update(items_total=8, items_ended=4, items_failed=1)
    shown = operator.get(reverse(LIST)).content.decode()
    assert "4 of 8, 1 failed" in shown
    assert "width:37.5%" in shown
    assert "width:12.5%" in shown
    assert "1 stored<br>1 failed" in shown


def test_a_job_is_not_made_or_edited_by_hand(operator: Client, a: Tenant) -> None:
    assert operator.get(reverse("admin:jobs_job_add")).status_code == 403
    assert operator.post(job_url(a["job"]), {"public_id": "other"}).status_code == 403
    assert operator.post(reverse("admin:jobs_job_delete", args=[a["job"].pk]), {"post": "yes"}).status_code == 403


def test_the_page_tells_the_job_in_words(operator: Client, a: Tenant) -> None:
    shown = operator.get(job_url(a["job"])).content.decode()
    for words in ("resize: width 50 %", "Nothing is left.", "msg_job-of-alpha", "&lt;b&gt;no&lt;/b&gt;", "42 ms"):
        assert words in shown
    assert "hidden-word" not in shown
    assert "https://shop.example/done?token=•••" in shown


def test_the_page_shows_a_hundred_items_of_many_and_costs_the_same(operator: Client, a: Tenant) -> None:
    few = count_queries(operator, job_url(a["job"]))
    for number in range(1, 251):
        item = make_item(a["job"], number, state=ItemState.DONE)
        Output.objects.create(item=item, run=1, variant=0, state=OutputState.STORED, key="k")
    assert count_queries(operator, job_url(a["job"])) == few
    table = operator.get(job_url(a["job"], "?page=3")).context["table"]
    assert [row.item.position for row in table.rows] == list(range(200, 251))
    assert all(len(row.outputs) == 1 for row in table.rows)


def test_items_are_chosen_by_state(operator: Client, a: Tenant) -> None:
    make_item(a["job"], 1, state=ItemState.DONE)
    table = operator.get(job_url(a["job"], "?items=failed")).context["table"]
    assert [row.item for row in table.rows] == [a["item"]]
    assert [(choice.state, choice.count) for choice in table.choices] == [
        *(("", 2), ("done", 1), ("failed", 1), ("loss", None))
    ]


def test_only_outputs_of_the_items_own_run_are_shown(operator: Client, a: Tenant) -> None:
    Item.objects.filter(pk=a["item"].pk).update(run=2)
    newest = Output.objects.create(item=a["item"], run=2, variant=0, state=OutputState.STORED, key="k")
    table = operator.get(job_url(a["job"])).context["table"]
    assert [output for output, _ in table.rows[0].outputs] == [newest]


def press(client: Client, page: str, action: str, row: Any, **sent: Any) -> Any:
    return client.post(reverse(f"admin:{page}_{action}", args=[row.pk]), sent)


def test_looking_at_a_question_does_nothing(editor: Client, a: Tenant) -> None:
    assert editor.get(reverse("admin:jobs_job_retry_all", args=[a["job"].pk])).status_code == 200
    a["job"].refresh_from_db()
    assert a["job"].run == 1


def test_failed_items_are_retried(editor: Client, a: Tenant) -> None:
    done = make_item(a["job"], 1, state=ItemState.DONE)
    Job.objects.filter(pk=a["job"].pk).update(items_total=2, items_ended=2)
    assert press(editor, "jobs_job", "retry_failed", a["job"]).status_code == 302
    a["job"].refresh_from_db()
    assert (a["job"].state, a["job"].run) == (JobState.QUEUED, 2)
    assert Item.objects.get(pk=a["item"].pk).state == ItemState.QUEUED
    assert Item.objects.get(pk=done.pk).state == ItemState.DONE


def test_a_running_job_is_cancelled_and_offers_no_retry(editor: Client, a: Tenant) -> None:
    Job.objects.filter(pk=a["job"].pk).update(state=JobState.RUNNING, finished_at=None)
    shown = editor.get(job_url(a["job"])).content.decode()
    assert reverse("admin:jobs_job_cancel", args=[a["job"].pk]) in shown
    assert reverse("admin:jobs_job_retry_all", args=[a["job"].pk]) not in shown
    press(editor, "jobs_job", "cancel", a["job"])
    a["job"].refresh_from_db()
    assert a["job"].state == JobState.CANCELLED


def test_a_button_that_came_too_late_says_so(editor: Client, a: Tenant) -> None:
    path = reverse("admin:jobs_job_cancel", args=[a["job"].pk])
    assert "has ended before" in editor.post(path, follow=True).content.decode()


def test_chosen_jobs_are_asked_about_and_then_retried(editor: Client, a: Tenant) -> None:
    other = make_job(a.account, a["service"], "another")["job"]
    sent = {"action": "retry_failed_selected", "_selected_action": [a["job"].pk, other.pk]}
    asked = editor.post(reverse(LIST), sent)
    assert "another" in asked.content.decode()
    assert set(Job.objects.values_list("run", flat=True)) == {1}
    editor.post(reverse(LIST), {**sent, "confirmed": "1"})
    assert set(Job.objects.values_list("run", flat=True)) == {2}


def test_a_viewer_is_offered_no_action(viewer: Client, a: Tenant) -> None:
    sent = {"action": "cancel_selected", "_selected_action": [a["job"].pk], "confirmed": "1"}
    viewer.post(reverse(LIST), sent)
    a["job"].refresh_from_db()
    assert a["job"].state == JobState.FINISHED


def test_what_was_done_is_in_the_history(editor: Client, a: Tenant) -> None:
    press(editor, "jobs_job", "retry_failed", a["job"])
    shown = editor.get(reverse("admin:jobs_job_history", args=[a["job"].pk])).content.decode()
    assert "Retry failed" in shown
    assert "editor@alpha.example" in shown


def test_a_delivery_is_sent_again(editor: Client, a: Tenant) -> None:
    press(editor, "jobs_delivery", "redeliver", a["delivery"])
    assert Delivery.objects.get().state == DeliveryState.PENDING


def test_a_delivery_shows_its_attempts(viewer: Client, a: Tenant) -> None:
    shown = viewer.get(reverse("admin:jobs_delivery_change", args=[a["delivery"].pk])).content.decode()
    assert "&lt;b&gt;no&lt;/b&gt;" in shown
    assert "hidden-word" not in shown


def test_overdue_deliveries_are_found(operator: Client, a: Tenant) -> None:
    path = reverse("admin:jobs_delivery_changelist") + "?overdue=1"
    assert not operator.get(path).context["cl"].queryset.exists()
    long_ago = timezone.now() - timedelta(minutes=5)
    Delivery.objects.update(state=DeliveryState.PENDING, next_at=long_ago)
    assert operator.get(path).context["cl"].queryset.count() == 1


def test_items_are_found_by_error(operator: Client, a: Tenant) -> None:
    path = reverse("admin:jobs_item_changelist")
    assert operator.get(f"{path}?error_code=empty_result").context["cl"].queryset.count() == 1
    assert operator.get(f"{path}?error_code=any").context["cl"].queryset.count() == 1
    assert operator.get(f"{path}?error_code=timeout").context["cl"].queryset.count() == 0


def test_an_item_shows_its_outputs_with_links_and_losses(viewer: Client, a: Tenant) -> None:
    shown = viewer.get(reverse("admin:jobs_item_change", args=[a["item"].pk])).content.decode()
    assert "3 frames were dropped" in shown
    assert "50 × 40, 12.3 kB" in shown
    assert "/files/" in shown


def test_a_key_of_a_storage_that_is_gone_is_no_key_of_the_house(viewer: Client, a: Tenant, b: Tenant) -> None:
    """Whoever chose the key of a result chose it for their own bucket; deleting the bucket must not move it."""
    stolen = b["output"].key
    Output.objects.filter(pk=a["output"].pk).update(key=stolen, connection=None)
    shown = viewer.get(reverse("admin:jobs_item_change", args=[a["item"].pk])).content.decode()
    assert stolen in shown
    assert "/files/" not in shown


@pytest.fixture
def overwritten(a: Tenant, tmp_path: Path) -> Path:
    """An item whose result took its source's place."""
    folder = tmp_path / "bucket"
    folder.mkdir()
    (folder / "a.jpg").write_bytes(b"the result")
    place = a["connection"]
    place.kind, place.parameters, place.credentials = "local", {"path": str(folder)}, None
    place.save()
    house().write("kept/original", b"the original", content_type="image/jpeg")
    Item.objects.filter(pk=a["item"].pk).update(
        source={"ref": {"kind": "storage", "storage_id": place.pk, "location": "a.jpg"}, "name": "a.jpg"},
        original={"key": "kept/original", "digest": _digest(b"the original"), "written": [_digest(b"the result")]},
    )
    return folder / "a.jpg"


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def test_undo_puts_the_original_back(editor: Client, a: Tenant, overwritten: Path) -> None:
    press(editor, "jobs_item", "undo", a["item"])
    assert overwritten.read_bytes() == b"the original"


def test_undo_leaves_a_picture_alone_that_somebody_replaced(editor: Client, a: Tenant, overwritten: Path) -> None:
    overwritten.write_bytes(b"somebody else's")
    path = reverse("admin:jobs_item_undo", args=[a["item"].pk])
    assert "replaced by another" in editor.post(path, follow=True).content.decode()
    assert overwritten.read_bytes() == b"somebody else's"


def test_undo_of_a_storage_that_cannot_be_reached_says_so(editor: Client, a: Tenant, overwritten: Path) -> None:
    overwritten.unlink()
    path = reverse("admin:jobs_item_undo", args=[a["item"].pk])
    assert "There is no file" in editor.post(path, follow=True).content.decode()


def test_the_newest_service_keeps_its_jobs_when_it_goes(operator: Client, a: Tenant) -> None:
    Service.objects.filter(pk=a["service"].pk).delete()
    assert operator.get(job_url(a["job"])).status_code == 200


def test_a_jobs_progress_is_its_accounts_alone(viewer: Client, client: Client, a: Tenant, b: Tenant) -> None:
    shown = viewer.get(reverse("job-progress", args=[a["job"].pk]))
    assert shown.json() == {
        "state": "finished",
        "is_sealed": True,
        "is_finished": True,
        "items_total": 1,
        "items_ended": 1,
        "items_failed": 1,
        "outputs_stored": 1,
        "outputs_failed": 1,
    }
    assert shown["Cache-Control"] == "no-store"
    assert viewer.get(reverse("job-progress", args=[b["job"].pk])).status_code == 404
    assert client.get(reverse("job-progress", args=[a["job"].pk])).status_code == 302


def test_a_job_that_runs_is_followed_and_one_that_has_ended_is_not(viewer: Client, a: Tenant) -> None:
    path = reverse("job-progress", args=[a["job"].pk])
    assert path not in viewer.get(job_url(a["job"])).content.decode()
    Job.objects.filter(pk=a["job"].pk).update(finished_at=None)
    assert path in viewer.get(job_url(a["job"])).content.decode()


def test_items_that_lost_something_are_chosen(viewer: Client, a: Tenant) -> None:
    whole = make_item(a["job"], 1, state=ItemState.DONE)
    Output.objects.create(item=whole, run=1, variant=0, state=OutputState.STORED, key="k")
    poorer = make_item(a["job"], 2, state=ItemState.DONE, run=2)
    for run, report in ((1, []), (2, [{"code": "enlarged", "message": "more pixels"}])):
        Output.objects.create(item=poorer, run=run, variant=0, state=OutputState.STORED, key="k", report=report)
    mended = make_item(a["job"], 3, state=ItemState.DONE, run=2)
    for run, report in ((1, [{"code": "enlarged", "message": "more pixels"}]), (2, [])):
        Output.objects.create(item=mended, run=run, variant=0, state=OutputState.STORED, key="k", report=report)
    answer = viewer.get(job_url(a["job"], "?items=loss&view=grid"))
    assert [row.item for row in answer.context["table"].rows] == [a["item"], poorer]
    assert "more pixels" in answer.content.decode()


def test_the_console_shows_what_it_ran_as_pictures(viewer: Client, a: Tenant) -> None:
    assert viewer.get(job_url(a["job"])).context["table"].view == "list"
    Job.objects.filter(pk=a["job"].pk).update(dialect_data={"kind": "run"})
    assert viewer.get(job_url(a["job"])).context["table"].view == "grid"
    assert viewer.get(job_url(a["job"], "?view=list")).context["table"].view == "list"
    assert viewer.get(job_url(a["job"], "?view=x")).context["table"].view == "grid"
