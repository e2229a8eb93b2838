"""What a banner is made from: a form with files, addresses and words."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Annotated, Any

from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, QueryDict
from pydantic import Field, StrictInt

from jobs.dialect import to_storable
from jobs.dialects.cropphoto import guesses, wire
from jobs.dialects.cropphoto.fields import DIMENSION, Fields, Text, check_url
from jobs.errors import MalformedRequest, WrongMediaType
from jobs.spec import JobSpec, Source, Variant
from jobs.uploads import Inbox, keep_upload, read_form
from processing import formats, headers
from processing.base import AssetRef, Step
from processing.errors import ImageError
from processing.formats import Output
from processing.limits import Limits, check_source

KIND = "banner"
FILES = ("input_image", "mask_image")
URLS = {"input_image": ("input_image_url", "input_imaeg_url"), "mask_image": ("mask_image_url",)}
"""The pages' note misspells the first."""

LISTS = ("analysis_hints", "job_labels", "output_dimensions")
WORDS = ("minimum_margins", "ai_model", "webhook", "webhook_secret", "response_type")
MARGIN = re.compile(r"(\d{1,4}(?:\.\d+)?)(px|%)")


class StatusBody(Fields):
    """Which banners a status request asks for."""

    job_id: Text | None = None
    job_labels: list[Text] | None = None
    start: Annotated[StrictInt, Field(ge=0)] = 0
    limit: Annotated[StrictInt, Field(ge=1, le=guesses.MOST_LIMIT)] = guesses.DEFAULT_LIMIT


@dataclass(frozen=True)
class BannerForm:
    """A request for a banner that has been read. Each picture is an uploaded file or an address.

    sizes: width and height of each result; none for the box's own. answers: `url` or `crop-info`. limits: what an
    uploaded picture may cost.
    """

    picture: UploadedFile | str
    mask: UploadedFile | str
    margin: dict[str, Any]
    labels: list[str]
    sizes: list[tuple[int, int]]
    answers: str
    webhook: str
    webhook_secret: str = field(repr=False)
    request: dict[str, Any] = field(repr=False)
    limits: Limits = field(repr=False)

    def to_spec(self, kept: list[AssetRef]) -> JobSpec:
        """The job. Uploads are kept in the house storage, and listed in `kept` as they get there."""
        source = self._keep(self.picture, "input_image", kept)
        mask = self._keep(self.mask, "mask_image", kept)
        return JobSpec(
            dialect="cropphoto",
            sources=(source,),
            variants=tuple(self._list_variants(mask.ref)),
            callback_url=self.webhook,
            callback_secret=self.webhook_secret,
            labels=tuple(self.labels),
            uploads=frozenset(ref.location for ref in kept),
            request=self.request,
            dialect_data={"kind": KIND, "answers": self.answers},
        )

    def _list_variants(self, mask: AssetRef) -> Iterator[Variant]:
        sizes: list[tuple[int, int] | None] = [*self.sizes] or [None]
        return (_to_variant(size, mask, self.margin) for size in sizes)

    def _keep(self, picture: UploadedFile | str, name: str, kept: list[AssetRef]) -> Source:
        if isinstance(picture, str):
            return wire.to_source(picture, param=f"{name}_url")
        data = picture.read()
        kept.append(keep_upload(data, mime=_check_file(data, name, self.limits)))
        return Source(ref=kept[-1], name=(picture.name or name).replace("\0", ""))


def read_form_fields(request: HttpRequest, limits: Limits) -> tuple[BannerForm, list[str]]:
    """The form, and the names of what nobody reads. Raises a public error that names the field."""
    if request.content_type != "multipart/form-data":
        raise WrongMediaType(f"The content type is {request.content_type}; it should be multipart/form-data")
    largest = limits.max_source_bytes
    inbox = Inbox(most_files=len(FILES), largest_bytes=largest, most_bytes=largest * len(FILES))
    read_form(request, inbox)
    files = dict(inbox.files)
    form = _to_form(request.POST, files, limits)
    known = {*FILES, *WORDS, *(url for urls in URLS.values() for url in urls), *LISTS, *(f"{n}[]" for n in LISTS)}
    return form, sorted({*request.POST, *files} - known)


def _to_form(post: QueryDict, files: dict[str, UploadedFile], limits: Limits) -> BannerForm:
    _check_words(post)
    labels = _read_list(post, "job_labels")
    if not labels:
        raise MalformedRequest("job_labels is required", param="job_labels")
    _check_texts("job_labels", labels, most=guesses.MOST_LABELS, longest=guesses.LONGEST_LABEL)
    hints = _read_list(post, "analysis_hints")
    _check_texts("analysis_hints", hints, most=guesses.MOST_HINTS, longest=guesses.LONGEST_HINT)
    return BannerForm(
        picture=_choose_picture(post, files, "input_image"),
        mask=_choose_picture(post, files, "mask_image"),
        margin=_read_margin(post.get("minimum_margins") or "5%"),
        labels=labels,
        sizes=[_read_size(text) for text in _read_list(post, "output_dimensions")],
        answers=post.get("response_type") or "crop-info",
        webhook=_check_webhook(post.get("webhook", "")),
        webhook_secret=post.get("webhook_secret", ""),
        request={name: to_storable(post.getlist(name)) for name in post if name != "webhook_secret"},
        limits=limits,
    )


def _check_words(post: QueryDict) -> None:
    if (post.get("ai_model") or "auto").lower() != "auto":
        raise MalformedRequest("ai_model should be auto", param="ai_model")
    if (post.get("response_type") or "url") not in ("url", "crop-info"):
        raise MalformedRequest("response_type should be url or crop-info", param="response_type")
    if not post.get("webhook_secret", "").isascii() or not post.get("webhook_secret", "").isprintable():
        raise MalformedRequest("webhook_secret should have printable ASCII characters alone", param="webhook_secret")
    if len(_read_list(post, "output_dimensions")) > guesses.MOST_SIZES:
        raise MalformedRequest(f"output_dimensions should have at most {guesses.MOST_SIZES} sizes")


def _check_texts(name: str, texts: list[str], *, most: int, longest: int) -> None:
    if len(texts) > most:
        raise MalformedRequest(f"{name} should have at most {most} entries", param=name)
    if any(not text.strip() or len(text) > longest or text != to_storable(text) for text in texts):
        raise MalformedRequest(f"{name} should have entries of 1 to {longest} characters", param=name)


def _read_list(post: QueryDict, name: str) -> list[str]:
    """A list: parts of one name, or of `name[]`, or one part with a JSON array."""
    values = [value for key in (name, f"{name}[]") for value in post.getlist(key)]
    if len(values) != 1 or not values[0].lstrip().startswith("["):
        return [value for value in values if value]
    try:
        found = json.loads(values[0])
    except (ValueError, RecursionError):
        return values
    if not isinstance(found, list) or not all(isinstance(text, str) for text in found):
        raise MalformedRequest(f"{name} should be an array of texts", param=name)
    return found


def _choose_picture(post: QueryDict, files: dict[str, UploadedFile], name: str) -> UploadedFile | str:
    """The file or the address: exactly one of the two."""
    urls = [str(post[alias]) for alias in URLS[name] if post.get(alias)]
    if (name in files) + len(urls) != 1:
        raise MalformedRequest(f"{name} or {name}_url is required, and not both", param=name)
    if name in files:
        return files[name]
    try:
        return check_url(urls[0])
    except ValueError as error:
        raise MalformedRequest(f"{name}_url {error}", param=f"{name}_url") from None


def _check_file(data: bytes, name: str, limits: Limits) -> str:
    """The content type of an uploaded picture, by its content. Raises MalformedRequest."""
    try:
        kind = headers.sniff(data)
        check_source(data, limits)
    except ImageError as error:
        raise MalformedRequest(f"{name} cannot be used: {error.message}", param=name) from None
    return formats.get(kind).mime


def _read_margin(text: str) -> dict[str, Any]:
    found = MARGIN.fullmatch(text)
    if not found:
        raise MalformedRequest("minimum_margins should be a number followed by px or %", param="minimum_margins")
    return {"value": float(found[1]), "unit": found[2]}


def _read_size(text: str) -> tuple[int, int]:
    found = DIMENSION.fullmatch(text)
    if not found or not found[1] or "0" in (found[1].lstrip("0") or "0", found[2].lstrip("0") or "0"):
        raise MalformedRequest("output_dimensions should be sizes as 1600x400", param="output_dimensions")
    return int(found[1]), int(found[2])


def _check_webhook(url: str) -> str:
    if url:
        try:
            check_url(url)
        except ValueError:
            raise MalformedRequest("webhook should be an http or https address", param="webhook") from None
        wire.check_address(url, "webhook")
    return url


def _to_variant(size: tuple[int, int] | None, mask: AssetRef, margin: dict[str, Any]) -> Variant:
    params: dict[str, Any] = {"mask": mask.model_dump(exclude_defaults=True), "margins": margin}
    if size:
        params |= {"width": size[0], "height": size[1]}
    name = f"{size[0]}x{size[1]}" if size else "banner"
    output = Output(formats=wire.KEPT_FORMATS, quality=guesses.QUALITY)
    return Variant(name=name, steps=(Step(operation="banner", params=params),), output=output)
