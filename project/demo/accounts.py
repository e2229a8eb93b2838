"""The account that the demo works with, as a provisioning file sets it up."""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from accounts.signing import make_signing_secret
from project.demo.processes import SERVICE_ID

OWNER = "owner@photomill.example"


@dataclass(frozen=True)
class Keys:
    """Made for one run of the demo and worth nothing after it."""

    secret: str = field(default_factory=lambda: secrets.token_urlsafe(24), repr=False)
    callback_secret: str = field(default_factory=make_signing_secret, repr=False)
    api_key: str = field(default_factory=lambda: f"api_{secrets.token_urlsafe(24)}", repr=False)
    password: str = field(default_factory=lambda: secrets.token_urlsafe(9), repr=False)


def write_provisioning(path: Path, *, bucket: Path, keys: Keys) -> None:
    """Write the file for `provision`, readable by its owner alone."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        yaml.safe_dump(describe_accounts(bucket, keys), file)


def describe_accounts(bucket: Path, keys: Keys) -> dict[str, Any]:
    """One account with an owner, a folder for its storage and a service on it."""
    service = {"id": SERVICE_ID, "secret": keys.secret, "storage": "bucket", "callback_secret": keys.callback_secret}
    account = {
        "name": "Demo studio",
        "users": [{"email": OWNER, "password": keys.password, "name": "Demo owner", "role": "owner"}],
        "storages": [{"name": "bucket", "type": "local", "parameters": {"path": str(bucket.absolute())}}],
        "services": [service],
        "api_keys": [{"name": "demo", "secret": keys.api_key, "scopes": ["image_editing"]}],
    }
    return {"accounts": [account]}
