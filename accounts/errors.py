"""What can be wrong with who is asking, or with how often.

`message` may be shown to the caller; `retry_after_seconds` says when it is worth asking again.
"""


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
    """Over the account's rate."""

    code = "too_many_requests"
    retryable = True

    def __init__(self, retry_after_seconds: int) -> None:
        super().__init__(f"Too many requests. Try again in {retry_after_seconds} s.")
        self.retry_after_seconds = retry_after_seconds


class NoCredits(AccountError):
    """The account has fewer credits than this costs."""

    code = "no_credits"


class BadOrigin(AccountError):
    """A browser's page on a host that may not call."""

    code = "bad_origin"


class PlanTooLow(AccountError):
    """The account's plan does not include this."""

    code = "plan_too_low"


def all_codes() -> dict[str, type[AccountError]]:
    """Every code that can reach a caller, with its class."""
    return {error.code: error for error in AccountError.__subclasses__()}
