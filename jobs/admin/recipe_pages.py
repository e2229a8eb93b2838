"""What the form of recipes asks the server for as it is filled in: operations, the account's places, previews."""

from dataclasses import asdict
from typing import Any

from django.conf import settings
from django.core import signing
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_POST, require_safe

from accounts.models import Account
from accounts.plans import find_limits
from jobs import previews
from jobs.admin.step_fields import describe_operations, describe_output
from jobs.admin.tenancy import check_editor, find_account
from jobs.chains import ChainFault, find_faults, parse_output
from jobs.errors import PUBLIC_ERRORS, MalformedRequest, PublicError, Unavailable
from jobs.references import find_image, keep_image
from jobs.samples import provide_sample
from jobs.spec import Source, Variant
from jobs.uploads import Inbox, keep_upload, read_form
from processing import formats, headers
from processing.base import AssetRef
from storage.house import house

UPLOAD_SECONDS = 12 * 3600
SALT = "photomill.preview"
NO_WORKER = "No worker is free for a preview."


@require_safe
def show_catalogue(request: HttpRequest) -> HttpResponse:
    """Every operation with its fields, and the fields of how a result is written."""
    return JsonResponse({"operations": describe_operations(), "output": describe_output()})


@require_safe
def show_places(request: HttpRequest) -> HttpResponse:
    """What a step can name beside its source: the account's reference images and storages."""
    account = find_account(request)
    images = account.reference_images.values("public_id", "name")
    storages = account.connections.values("pk", "name")
    return JsonResponse(
        {
            "images": [{"id": image["public_id"], "name": image["name"]} for image in images],
            "storages": [{"id": one["pk"], "name": one["name"]} for one in storages],
        }
    )


@csrf_exempt
@require_POST
def show_preview(request: HttpRequest) -> HttpResponse:
    """What a chain makes of a picture. The form is read within limits first, then its token is looked at."""
    check_editor(request)
    try:
        read_form(request, Inbox(most_files=1, largest_bytes=_largest(request), most_bytes=_largest(request)))
        return _answer(request)
    except PUBLIC_ERRORS as error:
        return explain(error)


@require_POST
def keep_picture(request: HttpRequest) -> HttpResponse:
    """Keep a picture that was uploaded for previews as a reference image of the account."""
    check_editor(request)
    account = find_account(request)
    try:
        source = _find_upload(request.POST.get("upload", ""), account)
        data = house().read(source.ref.location, max_bytes=find_limits(account).max_source_bytes).data
        mime = formats.get(headers.sniff(data)).mime
    except PUBLIC_ERRORS as error:
        return explain(error)
    row = keep_image(account, name=request.POST.get("name", "").strip() or "picture", mime=mime, data=data)
    return JsonResponse({"id": row.public_id, "name": row.name})


def explain(error: PublicError, **more: str) -> HttpResponse:
    """An error as the pages' scripts read it."""
    if isinstance(error, Unavailable):
        return JsonResponse(
            {"message": f"{NO_WORKER} {error.message}", **more}, status=503, headers={"Retry-After": "5"}
        )
    return JsonResponse({"message": error.message, **more}, status=503 if error.retryable else 422)


@csrf_protect
def _answer(request: HttpRequest) -> HttpResponse:
    account = find_account(request)
    steps, output = request.POST.get("steps", ""), request.POST.get("output", "")
    faults = describe_faults(steps, output, account_id=account.pk)
    if faults:
        return JsonResponse({"faults": faults}, status=400)
    source, more = _find_source(request, account)
    try:
        made = previews.make_preview(
            account, source, [read_variant(steps, output)], with_source="before" in request.POST
        )
    except PUBLIC_ERRORS as error:
        return explain(error, **more)
    if made.error:
        return JsonResponse({"message": made.error, **more}, status=422)
    return JsonResponse({**asdict(made), **more})


def _largest(request: HttpRequest) -> int:
    account: Account | None = getattr(request.user, "account", None)
    return find_limits(account).max_source_bytes if account else int(settings.PHOTOMILL_MAX_SOURCE_BYTES)


def describe_faults(
    steps: str, output: str, *, account_id: int, known: frozenset[str] = frozenset()
) -> list[dict[str, Any]]:
    """What is wrong with a chain, as the form's script marks it."""
    found = [_describe(fault, "steps") for fault in find_faults(steps, account_id=account_id, known=known)]
    try:
        parse_output(output)
    except ChainFault as fault:
        found.append(_describe(fault, "output"))
    return found


def read_variant(steps: str, output: str) -> Variant:
    """A chain that has no faults."""
    return Variant.model_validate_json(f'{{"steps": {steps}, "output": {output or "{}"}}}')


def _describe(fault: ChainFault, place: str) -> dict[str, Any]:
    reason = fault.reason.removeprefix("Value error, ")
    return {"place": place, "step": fault.step, "field": fault.field, "message": reason[:1].upper() + reason[1:]}


def _find_source(request: HttpRequest, account: Account) -> tuple[Source, dict[str, str]]:
    """The picture to show it on, and the sign by which one that was uploaded can be named again."""
    image = request.POST.get("reference", "")
    if image:
        row = find_image(account, image)
        return Source(ref=AssetRef(kind="reference", location=row.public_id), name=row.name), {}
    if "upload" in request.POST:
        return _find_upload(request.POST["upload"], account), {}
    file = request.FILES.get("file")
    if not isinstance(file, UploadedFile):
        return provide_sample(), {}
    ref = keep_upload(file.read(), mime="application/octet-stream")
    sign = signing.dumps({"key": ref.location, "account": account.pk}, salt=SALT)
    return Source(ref=ref, name=file.name or "picture"), {"upload": sign}


def _find_upload(sign: str, account: Account) -> Source:
    try:
        kept = signing.loads(sign, salt=SALT, max_age=UPLOAD_SECONDS)
    except signing.BadSignature:
        kept = {}
    if kept.get("account") != account.pk:
        raise MalformedRequest("The uploaded picture is no longer kept: choose it again.", param="upload")
    return Source(ref=AssetRef(kind="house", location=kept["key"]), name="picture")
