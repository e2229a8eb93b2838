"""Three services of two customers, as SlashedCloud's users have them."""

from pathlib import Path

import pytest
from PIL import Image

from jobs.models import Service
from jobs.provisioning import provision
from tests.conftest import account_entry
from tests.images import encode, noise, see_through


@pytest.fixture
def shop(db: None, bucket: Path, tmp_path: Path) -> Path:
    """Alice's storage, with her services 1 (`tokA`) and 3 (`tokA3`, from 192.1.1.68 only) and Bob's 2 (`tokB`)."""
    (bucket / "watermark.png").write_bytes(encode(see_through((200, 200))))
    (bucket / "letterbox.png").write_bytes(encode(letterboxed()))
    (bucket / "broken.jpg").write_bytes(b"this is no picture")
    alice = account_entry("alice", bucket, number=1, secret="tokA")
    alice["services"] += [{"id": 3, "secret": "tokA3", "storage": "main", "allowed_ips": ["192.1.1.68"]}]
    bob_bucket = tmp_path / "bob"
    bob_bucket.mkdir()
    provision({"accounts": [alice, account_entry("bob", bob_bucket, number=2, secret="tokB")]})
    return bucket


@pytest.fixture
def service(shop: Path) -> Service:
    """Service 1."""
    return Service.objects.get(number=1)


def letterboxed() -> Image.Image:
    """320 × 240 with bars of 30 black rows above and below."""
    made = Image.new("RGB", (320, 240))
    made.paste(noise((320, 180)), (0, 30))
    return made
