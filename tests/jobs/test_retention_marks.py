"""What rows say of their own end: which uploads a job reads, and that it is being deleted."""

from typing import Any

import pytest
from django.utils import timezone

from accounts.models import Account
from jobs import services
from jobs.errors import UnknownJob
from jobs.models import Job
from jobs.models.jobs import JobState
from jobs.spec import JobSpec, Source, Variant
from jobs.uploads import keep_upload
from processing.base import AssetRef
from tests.jobs.making import make_job

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_job_says_which_uploads_it_reads(alice: Account, house_folder: Any) -> None:
    source, background = (keep_upload(b"bytes", mime="image/png") for _ in range(2))
    refs = [source, AssetRef(kind="web", location="http://shop.example/1.jpg"), source]
    spec = JobSpec(
        dialect="slashed",
        sources=tuple(Source(ref=ref, name="1.jpg") for ref in refs),
        variants=(Variant(),),
        uploads=frozenset({background.location}),
    )
    job = services.create_job(account=alice, spec=spec)
    assert {upload.key for upload in job.uploads.all()} == {source.location, background.location}
    assert job.uploads.count() == 2


def test_a_job_that_is_being_deleted_is_found_by_nobody(alice: Account) -> None:
    job = make_job(alice, [])
    Job.objects.filter(pk=job.pk).update(deleted_at=timezone.now())
    with pytest.raises(UnknownJob):
        services.find_job(account=alice, dialect="slashed", public_id=job.public_id)
    assert not alice.jobs.exists()
    assert Job.every.filter(account=alice).count() == 1


def test_a_job_that_is_being_deleted_does_not_run_again(alice: Account) -> None:
    job = make_job(alice, [])
    Job.objects.filter(pk=job.pk).update(deleted_at=timezone.now())
    assert not services.retry_job(job, only_failed=False)
    assert Job.every.get(pk=job.pk).state == JobState.FINISHED


def test_results_of_a_new_run_are_purged_anew(alice: Account) -> None:
    job = make_job(alice, ["480x360/1.jpg"])
    services.cancel_job(job)
    Job.objects.filter(pk=job.pk).update(results_purged_at=timezone.now())
    assert services.retry_job(job, only_failed=False)
    assert Job.objects.get(pk=job.pk).results_purged_at is None
