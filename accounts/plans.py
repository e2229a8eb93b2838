"""What an account may use: its own number, else its plan's, else the server's."""

from dataclasses import dataclass
from typing import Any

from django.conf import settings

from accounts.models import Account, Plan

PLANS: dict[str, dict[str, int | None]] = {
    Plan.FREE: {"max_items_in_flight": 200_000},
    Plan.PRO: {"max_items_in_flight": 1_000_000},
    Plan.ENTERPRISE: {},
}
"""What a plan says by itself; PHOTOMILL_PLAN_LIMITS may say otherwise. An account is `free` where nobody chose, and on
a server of one's own that must do for real work."""

LIMITS = (
    *("requests_per_minute", "requests_per_second", "max_source_bytes", "max_pixels", "max_items_in_flight"),
    *("keep_results_hours", "keep_uploads_hours", "keep_deliveries_days", "keep_jobs_days"),
)
"""The columns of an account that limit it. None in one of them is the plan's, and None there the server's."""


@dataclass(frozen=True)
class AccountLimits:
    """What holds for one account. None: no limit.

    max_source_bytes: of one source or upload. max_pixels: width × height of a source and of each result.
    max_items_in_flight: items that are queued or at work, of all jobs together.
    """

    requests_per_minute: int | None
    requests_per_second: int | None
    max_source_bytes: int
    max_pixels: int
    max_items_in_flight: int | None


def find_limits(account: Account) -> AccountLimits:
    """What holds for this account now. Nobody may have larger pictures than the server's own limits allow."""
    bytes_, pixels = settings.PHOTOMILL_MAX_SOURCE_BYTES, settings.PHOTOMILL_MAX_PIXELS
    return AccountLimits(
        requests_per_minute=find_chosen(account, "requests_per_minute") or settings.PHOTOMILL_REQUESTS_PER_MINUTE,
        requests_per_second=find_chosen(account, "requests_per_second"),
        max_source_bytes=min(find_chosen(account, "max_source_bytes") or bytes_, bytes_),
        max_pixels=min(find_chosen(account, "max_pixels") or pixels, pixels),
        max_items_in_flight=find_chosen(account, "max_items_in_flight"),
    )


def find_chosen(account: Account, name: str) -> int | None:
    """One of LIMITS as the account has it, or its plan; None where neither says anything."""
    own: int | None = getattr(account, name)
    plan = PLANS[account.plan] | settings.PHOTOMILL_PLAN_LIMITS.get(account.plan, {})
    return plan.get(name) if own is None else own


def find_faults(plans: Any) -> list[str]:
    """What is wrong with the value of PHOTOMILL_PLAN_LIMITS, a sentence each."""
    if not isinstance(plans, dict) or not all(isinstance(limits, dict) for limits in plans.values()):
        return ["must be an object of plans, each an object of limits"]
    faults = [f"{plan!r} is no plan: {', '.join(PLANS)}" for plan in plans if plan not in PLANS]
    for plan, limits in plans.items():
        faults += [f"{plan}: {name!r} is no limit: {', '.join(LIMITS)}" for name in limits if name not in LIMITS]
        faults += [
            f"{plan}.{name} must be a whole number from {_find_least(name)} on, or null"
            for name, value in limits.items()
            if value is not None and (type(value) is not int or value < _find_least(name))
        ]
    return faults


def _find_least(name: str) -> int:
    """What is kept for 0 hours is kept for ever; of all else, 0 would be none at all."""
    return 0 if name.startswith("keep_") else 1
