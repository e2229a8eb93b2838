"""The file that holds the keys of a server that made them itself."""

import os
from pathlib import Path

from django.conf import settings

NAMES = ("PHOTOMILL_SECRET_KEY", "PHOTOMILL_ENCRYPTION_KEYS", "PHOTOMILL_JWT_KEYS")

EARLIER = {"PHOTOMILL_SECRET_KEY": "PHOTOMILL_SECRET_KEY_FALLBACKS"}
"""Where the earlier values of a setting go that has one value alone; lists have them behind the new one."""


def read(path: Path) -> dict[str, str]:
    """Names and values. Comments and what is no assignment are left out."""
    pairs = (line.partition("=") for line in path.read_text().splitlines() if not line.lstrip().startswith("#"))
    return {name.strip(): value.strip() for name, sign, value in pairs if sign}


def add_keys(values: dict[str, str]) -> dict[str, str]:
    """The values with a new key of each kind in front of the ones that there are."""
    made = dict(values)
    for name in NAMES:
        key, place = settings.SECRET_GENERATORS[name](), EARLIER.get(name, name)
        before = [text for text in dict.fromkeys((values[name], values.get(place, ""))) if text]
        made[place] = ",".join(before)
        made[name] = key if place != name else ",".join([key, *before])
    return made


def drop_earlier(values: dict[str, str]) -> dict[str, str]:
    """The values with the first key of each kind alone."""
    kept = {name: value.partition(",")[0] if name in NAMES else value for name, value in values.items()}
    return {name: value for name, value in kept.items() if name not in EARLIER.values()}


def write(path: Path, values: dict[str, str]) -> None:
    """Replace the file in one step, for its owner alone."""
    half = path.with_name(f"{path.name}.part")
    with os.fdopen(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write("# Keep a copy: without it stored credentials can't be read again.\n")
        file.writelines(f"{name}={value}\n" for name, value in values.items())
    half.replace(path)
