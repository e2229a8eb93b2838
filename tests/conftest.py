"""What every test may use."""

import io
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from accounts.models import Account
from jobs.models import Service
from jobs.provisioning import provision
from tests.services import report_missing


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Say which suites did not run, and how to get them."""
    for line in report_missing():
        terminalreporter.write_line(line, yellow=True)


@pytest.fixture
def bucket(tmp_path: Path) -> Path:
    """A customer's storage: a folder, with one photo-like picture in it."""
    folder = tmp_path / "bucket"
    (folder / "480x360").mkdir(parents=True)
    (folder / "480x360" / "1.jpg").write_bytes(encode(gradient((480, 360)), "JPEG"))
    return folder


@pytest.fixture
def service(db: None, bucket: Path) -> Service:
    """Alice's service 1 with the secret `tokA`, on her own storage."""
    provision({"accounts": [account_entry("alice", bucket, number=1, secret="tokA")]})
    return Service.objects.get(number=1)


@pytest.fixture
def alice(service: Service) -> Account:
    return service.account


def account_entry(name: str, bucket: Path, *, number: int, secret: str, **more: Any) -> dict[str, Any]:
    """An account with one storage and one service, as a provisioning file has it."""
    return {
        "name": name,
        "storages": [{"name": "main", "type": "local", "parameters": {"path": str(bucket)}}],
        "services": [{"id": number, "secret": secret, "storage": "main"}],
        **more,
    }


def gradient(size: tuple[int, int], mode: str = "RGB") -> Image.Image:
    """A picture whose every pixel differs from its neighbours."""
    width, height = size
    red = Image.linear_gradient("L").resize(size)
    green = red.transpose(Image.Transpose.ROTATE_180)
    blue = Image.radial_gradient("L").resize((width, height))
    return Image.merge("RGB", (red, green, blue)).convert(mode)


def encode(image: Image.Image, form: str, **options: Any) -> bytes:
    """The picture as a file's bytes."""
    buffer = io.BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()
