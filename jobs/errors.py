"""What can be wrong with a request for a job, and the one list of every public error."""

import accounts.errors
import processing.errors
import storage.errors


class JobError(Exception):
    """Never raised itself. `param` is the path of the field at fault, in the words of the job's spec."""

    code = "job_error"
    retryable = False

    def __init__(self, message: str, *, param: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.param = param


class MalformedRequest(JobError):
    """The request cannot be read, or a field of it is missing, of the wrong type or out of range."""

    code = "malformed_request"


class UnknownJob(JobError):
    """There is no such job for this account."""

    code = "unknown_job"


class UnknownPath(JobError):
    """There is nothing at this path."""

    code = "unknown_path"


class WrongMethod(JobError):
    """The path exists, but not for this method."""

    code = "wrong_method"


class BodyTooLarge(JobError):
    """The request is larger than the server takes."""

    code = "body_too_large"


class Unavailable(JobError):
    """The server cannot take the request now: its database does not answer."""

    code = "unavailable"
    retryable = True


class WorkerLost(JobError):
    """Every worker that took the item vanished with it."""

    code = "worker_lost"


class UnknownImage(JobError):
    """The account keeps no such reference image."""

    code = "unknown_image"


class UnknownRecipe(JobError):
    """The account has no such recipe, or not that version of it."""

    code = "unknown_recipe"


class WrongMediaType(JobError):
    """The body, or a file in it, is of a kind that is not taken here."""

    code = "wrong_media_type"


class FileTooLarge(JobError):
    """An uploaded file is larger than the account's plan allows."""

    code = "file_too_large"


class Unexpected(JobError):
    """A fault of the server. The log has the reason, the caller has not."""

    code = "unexpected"


PublicError = JobError | accounts.errors.AccountError | storage.errors.StorageError | processing.errors.ImageError
PUBLIC_ERRORS = (
    JobError,
    accounts.errors.AccountError,
    storage.errors.StorageError,
    processing.errors.ImageError,
)


def all_codes() -> set[str]:
    """Every code that a dialect must have an answer for."""
    own = {error.code for error in JobError.__subclasses__()}
    return own | {*accounts.errors.all_codes(), *storage.errors.all_codes(), *processing.errors.all_codes()}
