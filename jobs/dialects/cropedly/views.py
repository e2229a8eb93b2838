"""Cropedly's six operations, and what browsers ask before they call one."""

from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest
from django.http.multipartparser import MultiPartParserError
from django.utils.cache import patch_vary_headers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.addresses import find_client_address
from accounts.credits import charge, give_back
from accounts.errors import BadOrigin
from accounts.logins import log_in
from accounts.models import Account, Plan, User
from accounts.tokens import issue_token
from jobs import references, waiting
from jobs.dialect import DialectView, NoSuchPath
from jobs.dialects.cropedly import wire
from jobs.dialects.cropedly.auth import LARGEST_FILE_BYTES, authenticate, check_plan
from jobs.dialects.cropedly.origins import is_registered
from jobs.dialects.cropedly.wire import File
from jobs.errors import MalformedRequest, WrongMediaType
from jobs.models import Item, Job
from jobs.uploads import drop_uploads, keep_upload

FORMS = ("multipart/form-data", "application/x-www-form-urlencoded")
PREFLIGHT_SECONDS = 3600
MOST_IDS = 1000


class CropedlyView(DialectView):
    """Requests carry a token, but for the login. A registered host's pages may call too."""

    dialect_name = "cropedly"
    http_method_names = [*DialectView.http_method_names, "options"]

    def options(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        """What a browser asks before it calls: it brings no token, so any account's registration counts."""
        origin = request.headers.get("origin", "")
        if not is_registered(origin):
            raise BadOrigin("This origin is not registered")
        headers = {
            "Access-Control-Allow-Methods": "GET, POST, DELETE",
            "Access-Control-Allow-Headers": "authorization, content-type",
            "Access-Control-Max-Age": str(PREFLIGHT_SECONDS),
        }
        return Response(status=200, headers=headers)

    def finalize_response(self, request: Request, response: Response, *args: Any, **kwargs: Any) -> Response:
        """Let a registered page read the answer, the refusal of a bad token too; never one that may not call."""
        patch_vary_headers(response, ["Origin"])
        origin = request.headers.get("origin")
        if origin is not None and response.status_code != 403 and is_registered(origin):
            response["Access-Control-Allow-Origin"] = origin
        return super().finalize_response(request, response, *args, **kwargs)

    def read_files(self, account: Account) -> list[File]:
        """The uploaded pictures, in their order. Raises a public error that names the first that is not one."""
        uploads = _read_form(self.request._request, FORMS[:1]).FILES
        found = [*uploads.getlist("images"), *uploads.getlist("images[]")]
        if not found:
            raise MalformedRequest("Required part 'images' is not present.", param="images")
        if len(found) > wire.MOST_FILES:
            raise MalformedRequest(f"At most {wire.MOST_FILES} images a request", param="images")
        largest = LARGEST_FILE_BYTES[Plan(account.plan)]
        return [wire.read_file(file.name or "", file.read(largest + 1), largest_bytes=largest) for file in found]


class Login(CropedlyView):
    """`POST /auth/v1/login`: a token for an e-mail address and a password."""

    def post(self, request: Request) -> Response:
        origin = request.headers.get("origin")
        if origin is not None and not is_registered(origin):
            raise BadOrigin("This origin is not registered")
        form = _read_form(request._request, FORMS).POST
        for name in ("email", "password"):
            if not form.get(name, "").strip():
                raise MalformedRequest(f"Required parameter '{name}' is not present.", param=name)
        user = log_in(request._request, form["email"], form["password"])
        address = str(find_client_address(request._request))
        return Response({"token": issue_token(user, address=address, agent=request.headers.get("user-agent", ""))})


class MemberView(CropedlyView):
    """A view for people with a token."""

    enterprise_only = True
    account: Account
    user: User

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        if request.method == "OPTIONS":
            return
        self.user = authenticate(request._request)
        self.account = check_plan(request._request, self.user, enterprise_only=self.enterprise_only)


class Enhance(MemberView):
    """`POST /images/v1`: pictures enhanced while the caller waits, all of them or none."""

    enterprise_only = False

    def post(self, request: Request) -> Response:
        files = self.read_files(self.account)
        charge(self.account, len(files))
        is_done = False
        try:
            results = wire.to_results(self._enhance(files))
            is_done = True
        finally:
            if not is_done:
                give_back(self.account, len(files))
        return Response(results)

    def _enhance(self, files: Sequence[File]) -> Job:
        refs = []
        try:
            refs = [keep_upload(file.data, mime=file.mime) for file in files]
            job = waiting.run_now(account=self.account, spec=wire.to_spec(files, refs))
        finally:
            drop_uploads(refs)
        failed = Item.objects.filter(job=job).exclude(error_code="").order_by("position").first()
        if failed is not None:
            raise MalformedRequest(
                f"The file {failed.name!r} cannot be enhanced: {failed.error_message}", param="images"
            )
        return job


class UploadImages(MemberView):
    """`POST /images/v1/enterprise-resources/images/upload`: pictures to keep, as they are."""

    def post(self, request: Request) -> Response:
        for file in self.read_files(self.account):
            references.keep_image(self.account, name=file.name, mime=file.mime, data=file.data)
        return Response(status=204)


class Images(MemberView):
    """`GET` and `DELETE /images/v1/enterprise-resources/images`: the account's kept pictures."""

    def get(self, request: Request) -> Response:
        return Response([wire.to_image(image) for image in self.account.reference_images.all()])

    def delete(self, request: Request) -> Response:
        texts = request.query_params.getlist("ids")
        ids = [part.strip() for text in texts for part in text.split(",") if part.strip()]
        if not ids:
            raise MalformedRequest("Required parameter 'ids' is not present.", param="ids")
        references.drop_images(self.account, ids[:MOST_IDS])
        return Response(status=204)


class OneImage(MemberView):
    """`GET /images/v1/enterprise-resources/images/{id}`: one kept picture."""

    def get(self, request: Request, image_id: str) -> Response:
        return Response(wire.to_image(references.find_image(self.account, image_id)))


class UnknownCropedlyPath(NoSuchPath):
    """Anything else under Cropedly's paths."""

    dialect_name = "cropedly"


def _read_form(request: HttpRequest, kinds: Sequence[str]) -> HttpRequest:
    """The request with its form read. Raises WrongMediaType or MalformedRequest."""
    if request.content_type not in kinds:
        raise WrongMediaType(f"Content type {request.content_type or 'none'!r} is not supported: send a form")
    try:
        _ = request.POST, request.FILES
    except MultiPartParserError as error:
        raise MalformedRequest(f"The form cannot be read: {error}") from None
    return request
