"""Who may call, and what Claid says to those who may not."""

from collections.abc import Iterator
from contextlib import contextmanager

from accounts.errors import BadCredentials, NoCredits, NotAllowed, TooManyItems, TooManyRequests
from jobs.dialects.claid.errors import FORBIDDEN, NO_CALLS_LEFT, TOO_MANY_REQUESTS, UNAUTHORIZED


@contextmanager
def own_words() -> Iterator[None]:
    """Say in the product's words that a caller is unknown, may not do this, comes too often or has nothing left."""
    try:
        yield
    except BadCredentials:
        raise BadCredentials(UNAUTHORIZED) from None
    except NotAllowed:
        raise NotAllowed(FORBIDDEN) from None
    except NoCredits:
        raise NoCredits(NO_CALLS_LEFT) from None
    except TooManyRequests as error:
        if not isinstance(error, TooManyItems):
            error.message = TOO_MANY_REQUESTS
        raise
