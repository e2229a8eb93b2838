"""Everything that can go wrong with a picture, as one small tree.

`message` is written for the caller and may be shown; `param` names the field at fault, as a path;
`detail` is for the log alone.
"""


class ImageError(Exception):
    """Something about the picture or about what was asked of it. Never raised itself."""

    code = "image_error"
    retryable = False

    def __init__(self, message: str, *, param: str | None = None, detail: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.param = param
        self.detail = detail


class UnknownOperation(ImageError):
    """The chain names an operation that does not exist."""

    code = "unknown_operation"


class UnavailableOperation(ImageError):
    """The operation exists, but what it needs (a model, a font, a library) is not installed."""

    code = "operation_unavailable"


class InvalidParams(ImageError):
    """A parameter is missing, of the wrong type, out of range or not known."""

    code = "invalid_parameters"


class UnsupportedFormat(ImageError):
    """The bytes are not a picture in a format that is read here."""

    code = "unsupported_format"


class BrokenImage(ImageError):
    """The bytes begin like a picture but cannot be decoded."""

    code = "broken_image"


class SourceTooLarge(ImageError):
    """The file has more bytes than the limits allow. The storage that it is read from has the same code for it."""

    code = "source_too_large"


class TooManyPixels(ImageError):
    """The picture has more pixels than the limits allow."""

    code = "too_many_pixels"


class SideTooLong(ImageError):
    """The picture is wider or higher than the limits allow."""

    code = "side_too_long"


class TooManyFrames(ImageError):
    """More frames of an animation would be decoded than the limits allow."""

    code = "too_many_frames"


class TooManyFramePixels(ImageError):
    """The frames of an animation that would be decoded have more pixels together than the limits allow."""

    code = "too_many_frame_pixels"


class TooManyScans(ImageError):
    """A JPEG goes over its pixels more often than the limits allow."""

    code = "too_many_scans"


class TooManyChunks(ImageError):
    """The file is cut into more pieces than the limits allow."""

    code = "too_many_chunks"


class ResultTooLarge(ImageError):
    """A step would make a picture larger than the limits allow."""

    code = "result_too_large"


class EmptyResult(ImageError):
    """Nothing of the picture is left, as when a crop lies outside it."""

    code = "empty_result"


class MissingAsset(ImageError):
    """A picture that a step names beside its source was not handed over."""

    code = "missing_asset"


class SubjectNotFound(ImageError):
    """Nobody, no face or no object is there that the step was asked to work on."""

    code = "subject_not_found"


class StillRecognizable(ImageError):
    """A face is left in what should show none. The result is not handed out."""

    code = "still_recognizable"


class Unexpected(ImageError):
    """A mistake of this program. The caller learns only that it failed; `detail` has the traceback."""

    code = "unexpected"


class ChildDied(ImageError):
    """The process that worked on the picture ended before it was done. Worth another try."""

    code = "crashed"
    retryable = True


class Crashed(ChildDied):
    """The process was ended by a signal, such as a fault inside a decoder."""


class TimedOut(ChildDied):
    """The picture took longer than an item may take."""

    code = "timeout"


class OutOfMemory(ChildDied):
    """The picture needed more memory than an item may use."""

    code = "out_of_memory"


def all_codes() -> dict[str, type[ImageError]]:
    """Every code that can reach a caller, with its class."""
    found: dict[str, type[ImageError]] = {}
    waiting = ImageError.__subclasses__()
    while waiting:
        error = waiting.pop()
        found.setdefault(error.code, error)
        waiting.extend(error.__subclasses__())
    return found
