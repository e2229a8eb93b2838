"""What can go wrong between Photomill and a place where bytes live.

`message` may be shown to anyone; what only the operator should read goes to the log. `retryable` is the only thing that
decides whether trying again makes sense.
"""

from typing import ClassVar


class StorageError(Exception):
    """Base of the tree; never raised itself. `param` names the request field at fault, where there is one."""

    code: ClassVar[str]
    retryable: ClassVar[bool] = False
    sentence: ClassVar[str]

    def __init__(self, message: str | None = None, *, param: str | None = None) -> None:
        self.message = message or self.sentence
        self.param = param
        super().__init__(self.message)


class UrlRefused(StorageError):
    """A URL that Photomill never calls, however often it is tried: scheme, port, user name, literal private address."""

    code = "url_refused"
    sentence = "This URL is not allowed."


class Unreachable(StorageError):
    """No answer. Blocked, refused, not found and too slow all say the same: more would let a caller map our network."""

    code = "unreachable"
    retryable = True
    sentence = "The address could not be reached."


class TooLarge(StorageError):
    """More bytes than the limit."""

    code = "source_too_large"
    sentence = "The file is larger than the limit."


class ObjectMissing(StorageError):
    """Nothing lies under this key."""

    code = "object_missing"
    sentence = "There is no such file."


class AccessDenied(StorageError):
    """The storage knows us and says no, or does not know our credentials."""

    code = "storage_access_denied"
    sentence = "The storage refused access."


class StorageUnreachable(Unreachable):
    """No answer from a connected storage, which has answered before or is expected to."""


class StorageUnavailable(StorageError):
    """The storage answered that it cannot answer now."""

    code = "storage_unavailable"
    retryable = True
    sentence = "The storage is not available at the moment."


class BadKey(StorageError):
    """A path that is no key: `..`, NUL, backslash, too long."""

    code = "bad_key"
    sentence = "The path is not valid."


class UnknownStorage(StorageError):
    """No storage of that name is connected to the account."""

    code = "unknown_storage"
    sentence = "There is no such storage."


class ReadOnly(StorageError):
    """A write to a storage that only reads."""

    code = "storage_read_only"
    sentence = "This storage cannot be written to."


class Conflict(StorageError):
    """Something else stands in the way: a name that is taken, a storage that is in use."""

    code = "conflict"
    sentence = "The storage's state does not allow this."


class BadParameters(StorageError):
    """Connection parameters that no storage of that kind can have; `param` names the first one."""

    code = "bad_storage_parameters"
    sentence = "The parameters of this storage are not valid."


def all_codes() -> dict[str, type[StorageError]]:
    """Return every error by its code, so that each dialect can prove that it has words for all of them."""
    return {kind.code: kind for kind in StorageError.__subclasses__() if "code" in vars(kind)}
