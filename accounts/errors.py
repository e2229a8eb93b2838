"""What can be wrong with who is asking, or with how often.

`message` may be shown to the caller; `retry_after_seconds` says when it is worth asking again.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from accounts.limits import Quota

ITEMS_RETRY_SECONDS = 10
"""When to ask again where too many items are at work: about when some have ended."""


class AccountError(Exception):
    """Never raised itself."""

    code = "account_error"
    retryable = False

    def __init__(self, message: str, *, param: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.param = param


class BadCredentials(AccountError):
    """No credentials, or ones that are not known, expired or revoked."""

    code = "bad_credentials"


class NotAllowed(AccountError):
    """The credentials are good but do not reach this."""

    code = "not_allowed"


class TooManyRequests(AccountError):
    """Over the account's rate. quota: what was left, where that was counted."""

    code = "too_many_requests"
    retryable = True
    quota: "Quota | None" = None

    def __init__(self, retry_after_seconds: int, what: str = "Too many requests") -> None:
        super().__init__(f"{what}. Try again in {retry_after_seconds} s.")
        self.retry_after_seconds = retry_after_seconds


class TooManyItems(TooManyRequests):
    """The account has as much work here as it may have at once. Said as too many requests are: to wait helps."""

    def __init__(self, *, in_flight: int, new: int, limit: int) -> None:
        facts = f"{in_flight} are queued or at work, this request has {new}, and the account may have {limit}"
        super().__init__(ITEMS_RETRY_SECONDS, f"Too many items at once: {facts}")


class NoCredits(AccountError):
    """The account has fewer credits than this costs."""

    code = "no_credits"


class PaymentDue(AccountError):
    """The account has not paid for what it used before."""

    code = "payment_due"


class BadOrigin(AccountError):
    """A browser's page on a host that may not call."""

    code = "bad_origin"


class PlanTooLow(AccountError):
    """The account's plan does not include this."""

    code = "plan_too_low"


def all_codes() -> dict[str, type[AccountError]]:
    """Every code that can reach a caller, with its class. TooManyItems has none of its own."""
    return {error.code: error for error in AccountError.__subclasses__()}
