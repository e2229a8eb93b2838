"""Cropedly's six operations, and what browsers ask before they call one."""

from collections.abc import Sequence
from contextlib import ExitStack
from typing import Any

from django.core.exceptions import SuspiciousOperation
from django.utils.cache import patch_vary_headers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.addresses import find_client_address
from accounts.credits import charge, give_back
from accounts.errors import BadOrigin, PlanTooLow
from accounts.logins import log_in
from accounts.models import Account, User
from accounts.tokens import issue_token
from jobs import references, slots, waiting
from jobs.dialect import DialectView
from jobs.dialects.cropedly import wire
from jobs.dialects.cropedly.auth import authenticate, check_plan, find_largest_file
from jobs.dialects.cropedly.errors import fault_of
from jobs.dialects.cropedly.origins import is_registered
from jobs.dialects.cropedly.wire import File
from jobs.errors import MalformedRequest, UnknownPath, WrongMediaType
from jobs.models import Item, Job
from jobs.uploads import Inbox, drop_uploads, keep_upload, read_form
from processing.base import AssetRef

FORMS = ("multipart/form-data", "application/x-www-form-urlencoded")
PREFLIGHT_SECONDS = 3600
MOST_IDS = 1000


class CropedlyView(DialectView):
    """Requests carry a token, but for the login. A registered host's pages may call too."""

    dialect_name = "cropedly"
    http_method_names = [*DialectView.http_method_names, "options"]

    origin: str | None = None
    is_readable = False
    """Whether the page that calls may read the answer."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        self.origin = request.headers.get("origin")
        self.is_readable = self.origin is not None and is_registered(self.origin)

    def options(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        """What a browser asks before it calls: it brings no token, so any account's registration counts."""
        if not self.is_readable:
            raise BadOrigin("This origin is not registered")
        headers = {
            "Access-Control-Allow-Methods": "GET, POST, DELETE",
            "Access-Control-Allow-Headers": "authorization, content-type",
            "Access-Control-Max-Age": str(PREFLIGHT_SECONDS),
        }
        return Response(status=200, headers=headers)

    def handle_exception(self, exc: Exception) -> Response:
        if isinstance(exc, BadOrigin | PlanTooLow):
            self.is_readable = False
        return super().handle_exception(exc)

    def finalize_response(self, request: Request, response: Response, *args: Any, **kwargs: Any) -> Response:
        """Let a registered page read the answer, the refusal of a bad token too; never one that may not call."""
        patch_vary_headers(response, ["Origin"])
        if self.is_readable and self.origin:
            response["Access-Control-Allow-Origin"] = self.origin
        return super().finalize_response(request, response, *args, **kwargs)

    def read_form(self, *, most_files: int = 0, largest_bytes: int = 0) -> Inbox:
        """Read the request's form; its fields are then in POST. Raises a public error.

        A request without any body is a form without fields.
        """
        request = self.request._request
        if request.content_type not in (*FORMS, ""):
            raise WrongMediaType(f"Content type {request.content_type!r} is not supported: send a form")
        inbox = Inbox(most_files=most_files, largest_bytes=largest_bytes, most_bytes=wire.MOST_BYTES)
        read_form(request, inbox)
        return inbox


class Login(CropedlyView):
    """`POST /auth/v1/login`: a token for an e-mail address and a password."""

    def post(self, request: Request) -> Response:
        if self.origin is not None and not self.is_readable:
            raise BadOrigin("This origin is not registered")
        self.read_form()
        form = request._request.POST
        for name in ("email", "password"):
            if not form.get(name, "").strip():
                raise MalformedRequest(f"Required parameter '{name}' is not present.", param=name)
        self.ignored = sorted(form.keys() - {"email", "password"})
        user = log_in(request._request, form["email"], form["password"])
        address = str(find_client_address(request._request))
        return Response({"token": issue_token(user, address=address, agent=request.headers.get("user-agent", ""))})


class MemberView(CropedlyView):
    """A view for people with a token."""

    enterprise_only = True
    waits = False
    """Whether its callers wait for a worker: where too many do, nothing more is looked at."""
    account: Account
    user: User

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if request.method == "OPTIONS":
            return
        if self.waits:
            waiting.check_place()
        self.user = authenticate(request._request)
        self.account = check_plan(request._request, self.user, enterprise_only=self.enterprise_only)

    def read_files(self) -> list[File]:
        """The uploaded pictures, in their order. Raises a public error that names the first that is not one."""
        inbox = self.read_form(most_files=wire.MOST_FILES, largest_bytes=find_largest_file(self.account))
        names = {*self.request._request.POST, *(name for name, _ in inbox.files)}
        self.ignored = sorted(names.difference(wire.FIELDS))
        return wire.read_files(inbox.files, slots.limits(self.account))


class Enhance(MemberView):
    """`POST /images/v1`: pictures enhanced while the caller waits, all of them or none."""

    enterprise_only = False
    waits = True

    def post(self, request: Request) -> Response:
        files = self.read_files()
        waiting.check_worker()
        with ExitStack() as undo:
            charge(self.account, len(files))
            undo.callback(give_back, self.account, len(files))
            job = self._enhance(files)
            undo.callback(waiting.drop_results, job)
            failed = Item.objects.filter(job=job).exclude(error_code="").order_by("position").first()
            if failed is not None:
                raise fault_of(failed)
            results = wire.to_results(job)
            undo.pop_all()
        return Response(results)

    def _enhance(self, files: Sequence[File]) -> Job:
        """The finished job. What was uploaded for it is dropped again, whatever became of it."""
        refs: list[AssetRef] = []
        try:
            for file in files:
                refs.append(keep_upload(file.read(), mime=file.mime))
            return waiting.run_now(account=self.account, spec=wire.to_spec(files, refs))
        finally:
            drop_uploads(refs)


class UploadImages(MemberView):
    """`POST /images/v1/enterprise-resources/images/upload`: pictures to keep, as they are; all of them or none."""

    def post(self, request: Request) -> Response:
        with ExitStack() as undo:
            for file in self.read_files():
                kept = references.keep_image(self.account, name=file.name, mime=file.mime, data=file.read())
                undo.callback(references.drop_images, self.account, [kept.public_id])
            undo.pop_all()
        return Response(status=204)


class Images(MemberView):
    """`GET` and `DELETE /images/v1/enterprise-resources/images`: the account's kept pictures."""

    def get(self, request: Request) -> Response:
        return Response([wire.to_image(image) for image in self.account.reference_images.all()])

    def delete(self, request: Request) -> Response:
        references.drop_images(self.account, self._read_ids())
        return Response(status=204)

    def _read_ids(self) -> list[str]:
        """The ids of the query, `ids=a&ids=b` as well as `ids=a,b`. Raises MalformedRequest."""
        try:
            texts = self.request.query_params.getlist("ids")
        except SuspiciousOperation as error:
            raise MalformedRequest(f"The query cannot be read: {error}", param="ids") from None
        ids = [part.strip() for text in texts for part in text.split(",") if part.strip()]
        if not ids:
            raise MalformedRequest("Required parameter 'ids' is not present.", param="ids")
        if len(ids) > MOST_IDS:
            raise MalformedRequest(f"At most {MOST_IDS} ids a request", param="ids")
        return ids


class OneImage(MemberView):
    """`GET /images/v1/enterprise-resources/images/{id}`: one kept picture."""

    def get(self, request: Request, image_id: str) -> Response:
        return Response(wire.to_image(references.find_image(self.account, image_id)))


class UnknownCropedlyPath(CropedlyView):
    """Anything else under Cropedly's paths, preflights too."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        raise UnknownPath("There is nothing at this path.")
