"""Checks at start: what is not whole stops it, with the reason."""

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, register

from accounts.addresses import parse_range
from accounts.tokens import SHORTEST_KEY_BYTES
from jobs import dialects
from jobs.errors import all_codes
from jobs.slots import own_fonts, own_models
from processing import operations
from storage import kinds

ENHANCES = ("plain", "model")


@register()
def check_registries(**_: Any) -> list[CheckMessage]:
    """Every operation, storage kind and dialect loads, and each dialect has words for every error."""
    operations.all()
    kinds.all()
    return [
        Error(f"the dialect {name!r} has no status for {', '.join(sorted(missing))}", id="jobs.E001")
        for name, dialect in dialects.all().items()
        if (missing := all_codes() - set(dialect.statuses))
    ]


@register()
def check_settings(**_: Any) -> list[CheckMessage]:
    """Settings without which nothing can be kept safe."""
    faults: list[CheckMessage] = []
    if not settings.PHOTOMILL_SECRET_KEY:
        faults.append(Error("PHOTOMILL_SECRET_KEY is not set", hint="`python3 run.py serve` makes one", id="jobs.E002"))
    if not settings.PHOTOMILL_ENCRYPTION_KEYS:
        faults.append(
            Error("PHOTOMILL_ENCRYPTION_KEYS is not set", hint="`python3 run.py serve` makes one", id="jobs.E003")
        )
    if not settings.PHOTOMILL_JWT_KEYS or min(map(len, settings.PHOTOMILL_JWT_KEYS)) < SHORTEST_KEY_BYTES:
        faults.append(
            Error(
                f"PHOTOMILL_JWT_KEYS must hold keys of at least {SHORTEST_KEY_BYTES} bytes",
                hint="`python3 run.py serve` makes one",
                id="jobs.E005",
            )
        )
    for text in settings.PHOTOMILL_TRUSTED_PROXIES:
        try:
            parse_range(text)
        except ValueError as error:
            faults.append(Error(f"PHOTOMILL_TRUSTED_PROXIES: {error}", id="jobs.E006"))
    if settings.PHOTOMILL_WEB_THREADS < 2:
        faults.append(Error("PHOTOMILL_WEB_THREADS must be at least 2: half of them may wait", id="jobs.E008"))
    if settings.PHOTOMILL_ENHANCE not in ENHANCES:
        faults.append(Error(f"PHOTOMILL_ENHANCE must be one of {', '.join(ENHANCES)}", id="jobs.E012"))
    if settings.PHOTOMILL_MODEL_THREADS < 1:
        faults.append(Error("PHOTOMILL_MODEL_THREADS must be at least 1", id="jobs.E009"))
    if settings.PHOTOMILL_CANARY_SECONDS <= 0:
        faults.append(Error("PHOTOMILL_CANARY_SECONDS must be more than 0", id="jobs.E011"))
    if settings.PHOTOMILL_LEASE_SECONDS < 1:
        faults.append(Error("PHOTOMILL_LEASE_SECONDS must be at least 1", id="jobs.E004"))
    return faults


@register()
def check_sentry(**_: Any) -> list[CheckMessage]:
    """Where faults are reported to is an address with a key and a number."""
    text = settings.PHOTOMILL_SENTRY_DSN
    place = urlsplit(text)
    is_whole = place.scheme in ("http", "https") and place.hostname and place.username
    if not text or (is_whole and place.path.rpartition("/")[2].isdigit()):
        return []
    return [Error("PHOTOMILL_SENTRY_DSN must read like https://KEY@HOST/NUMBER", id="jobs.E012")]


@register()
def check_periods(**_: Any) -> list[CheckMessage]:
    """Nothing is kept for less than no time: it would be deleted as soon as it is there."""
    names = ("RESULTS_HOURS", "UPLOADS_HOURS", "DELIVERIES_DAYS", "JOBS_DAYS", "AUDIT_DAYS")
    return [
        Error(f"PHOTOMILL_KEEP_{name} must be 0, for ever, or more", id="jobs.E010")
        for name in names
        if getattr(settings, f"PHOTOMILL_KEEP_{name}") < 0
    ]


@register()
def check_folders(**_: Any) -> list[CheckMessage]:
    """The operator's folders of fonts and models are there."""
    named = {"PHOTOMILL_FONT_DIR": own_fonts(), "PHOTOMILL_MODEL_DIR": own_models()}
    return [
        Error(f"{name}: {folder} is not a folder", id="jobs.E007")
        for name, folder in named.items()
        if folder and not folder.is_dir()
    ]
