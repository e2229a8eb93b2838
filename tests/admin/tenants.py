"""Tenants with a row of every kind."""

import re
from dataclasses import dataclass
from typing import Any

from django.db.models import Model
from django.test import Client
from django.utils import timezone

from accounts.keys import create_key
from accounts.models import Account, Domain, User
from jobs import webhooks
from jobs.models import (
    AccountWebhook,
    Attempt,
    Delivery,
    Item,
    Job,
    JobLabel,
    Listing,
    Output,
    Recipe,
    RecipeVersion,
    Service,
)
from jobs.models.deliveries import DeliveryState
from jobs.models.jobs import ItemState, JobState, OutputState
from jobs.secrets import issue_secret, issue_signing_secret
from storage.models import Connection

SECRET_ACCESS_KEY = "wJalrXUtnFEMI-never-to-be-shown"
PASSWORD = "correct horse battery"
STEPS = [{"operation": "resize", "params": {"width": {"value": 50, "unit": "%"}}}]


@dataclass
class Tenant:
    """One account, its rows by the name of their model, and every secret that was ever made for it."""

    account: Account
    rows: dict[str, Model]
    secrets: list[str]

    def __getitem__(self, name: str) -> Any:
        return self.rows[name]


def make_tenant(name: str, number: int) -> Tenant:
    account = Account.objects.create(name=name)
    connection = Connection.objects.create(
        account=account,
        name="shop",
        kind="s3",
        parameters={"bucket": f"bucket-of-{name}", "endpoint_url": "http://127.0.0.1:1"},
        credentials={"access_key": "AKIAEXAMPLE1234", "secret_access_key": SECRET_ACCESS_KEY},
        is_private=False,
    )
    service = Service.objects.create(number=number, account=account, connection=connection, name=f"{name} shop")
    key, key_secret = create_key(account, name="production", scopes=["storage"])
    secrets = [issue_secret(service), issue_signing_secret(service), key_secret, SECRET_ACCESS_KEY]
    address = f"https://{name}.example/hook?token=hidden-word"
    hook = AccountWebhook.objects.create(account=account, url=address, events=["job.failed"])
    secrets.append(webhooks.issue_secret(hook))
    recipe = Recipe.objects.create(account=account, public_id=f"recipe-{name}", name=f"White for {name}")
    RecipeVersion.objects.create(recipe=recipe, number=1, steps=STEPS)
    rows: dict[str, Model] = {
        "account": account,
        "user": User.objects.create_user(f"colleague@{name}.example", PASSWORD, account=account),
        "apikey": key,
        "domain": Domain.objects.create(account=account, host=f"shop.{name}.example"),
        "connection": connection,
        "service": service,
        "accountwebhook": hook,
        "recipe": recipe,
        **make_job(account, service, f"job-of-{name}"),
    }
    return Tenant(account, rows, secrets)


def make_job(account: Account, service: Service, public_id: str) -> dict[str, Model]:
    """A job that has ended with one item that failed in one of two variants, and a delivery that failed once."""
    now = timezone.now()
    job = Job.objects.create(
        account=account,
        service=service,
        dialect="slashed",
        public_id=public_id,
        state=JobState.FINISHED,
        variants=[{"name": "small", "steps": STEPS}, {"name": "large", "steps": []}],
        callback_url="https://user:hidden-word@shop.example/done?token=hidden-word",
        request={"input": "a.jpg", "secret": "hidden-word", "callback": "https://u:hidden-word@shop.example/"},
        items_total=1,
        items_ended=1,
        items_failed=1,
        outputs_stored=1,
        outputs_failed=1,
        sealed_at=now,
        started_at=now,
        finished_at=now,
    )
    JobLabel.objects.create(job=job, label=f"label-{public_id}")
    Listing.objects.create(job=job, connection=service.connection, prefix="in/", ended_at=now)
    item = make_item(job, 0, state=ItemState.FAILED, error_code="empty_result", error_message="Nothing is left.")
    output = Output.objects.create(
        item=item,
        run=1,
        variant=0,
        state=OutputState.STORED,
        key=f"2026-01-01/{job.pk}/{item.pk}/1/0.jpg",
        mime="image/jpeg",
        size_bytes=12_345,
        width=50,
        height=40,
        report=[{"code": "frames_dropped", "message": "3 frames were dropped"}],
    )
    Output.objects.create(item=item, run=1, variant=1, state=OutputState.FAILED, error_message="Nothing is left.")
    delivery = Delivery.objects.create(
        job=job,
        run=1,
        target=job.callback_url,
        host="shop.example",
        webhook_id=f"msg_{public_id}",
        state=DeliveryState.FAILED,
        body='{"process_id": "x"}',
        attempts_made=1,
    )
    Attempt.objects.create(delivery=delivery, number=1, milliseconds=42, status_code=500, answer="<b>no</b>")
    return {"job": job, "item": item, "output": output, "delivery": delivery}


def make_item(job: Job, position: int, **facts: Any) -> Item:
    source = {"ref": {"kind": "house", "location": f"uploads/{position}.jpg"}, "name": f"{position}.jpg"}
    return Item.objects.create(
        job=job, position=position, name=f"{job.public_id}-{position}.jpg", source=source, **facts
    )


def send_form(client: Client, path: str, **sent: Any) -> Any:
    """Send a page's form as a browser does, with the hidden fields that came along."""
    shown = client.get(path).content.decode()
    hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', shown))
    return client.post(path, hidden | sent)
