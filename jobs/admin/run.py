"""The pages of a run: put together, looked at with three previews, started. Then the job's page shows how far it is."""

from dataclasses import asdict
from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods, require_POST

from accounts.models import Account
from accounts.plans import find_limits
from accounts.scoping import own_account
from jobs import gathering, previews, runs
from jobs.admin.recipe_pages import explain
from jobs.admin.run_form import RunForm
from jobs.admin.tenancy import ACCOUNT, check_editor, find_account
from jobs.admin.wording import describe_variant
from jobs.errors import PUBLIC_ERRORS, MalformedRequest, PublicError
from jobs.ids import make_id
from jobs.names import check_names
from jobs.runs import Plan
from jobs.spec import Folder, Source
from jobs.uploads import Inbox, read_form

NAMES_SHOWN = 12


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def show_run(request: HttpRequest) -> HttpResponse:
    """The form of a run. What was sent is read within limits first, then its token is looked at."""
    check_editor(request)
    if request.method != "POST":
        return _show_empty(request)
    inbox = Inbox(most_files=gathering.MOST_FILES, largest_bytes=gathering.MOST_BYTES, most_bytes=gathering.MOST_BYTES)
    try:
        read_form(request, inbox)
    except PUBLIC_ERRORS as error:
        return _refuse_form(request, error)
    return _take_form(request, inbox)


@require_http_methods(["GET", "HEAD", "POST"])
def show_plan(request: HttpRequest) -> HttpResponse:
    """What a run will do; sent, it begins."""
    check_editor(request)
    sign = request.POST.get("plan") or request.GET.get("plan", "")
    try:
        plan = runs.find_plan(sign, own_account(request))
        account = Account.objects.get(pk=plan.account)
        if request.method == "POST":
            return _start(account, plan)
        return _show_plan(request, account, plan, sign)
    except PUBLIC_ERRORS as error:
        return _render(request, "jobs/run_lost.html", {"problem": error.message}, status=400)


@require_POST
def show_plan_preview(request: HttpRequest) -> HttpResponse:
    """One of the first pictures of a run, before and after each recipe."""
    check_editor(request)
    try:
        plan = runs.find_plan(request.POST.get("plan", ""), own_account(request))
        account = Account.objects.get(pk=plan.account)
        source = _pick_sample(plan, request.POST.get("index", ""))
        variants = runs.make_variants(runs.find_versions(account, plan.versions), plan.destination)
        made = previews.make_preview(account, source, variants, with_source=True)
    except PUBLIC_ERRORS as error:
        return explain(error)
    return JsonResponse(asdict(made))


def _show_empty(request: HttpRequest) -> HttpResponse:
    if own_account(request) is None and ACCOUNT not in request.GET:
        accounts = Account.objects.order_by("name")
        return _render(request, "jobs/run_account.html", {"accounts": accounts})
    account = find_account(request)
    chosen = request.GET.getlist("recipe")
    return _show_form(request, account, RunForm(account=account, initial={"recipes": chosen}))


def _refuse_form(request: HttpRequest, error: PublicError) -> HttpResponse:
    """The form could not be read as far as its fields."""
    return _render(request, "jobs/run_lost.html", {"problem": error.message}, status=400)


@csrf_protect
def _take_form(request: HttpRequest, inbox: Inbox) -> HttpResponse:
    account = find_account(request)
    form = RunForm(request.POST, account=account)
    try:
        if not form.is_valid():
            return _show_form(request, account, form, status=400)
        plan = _make_plan(account, form, inbox)
        check_names(runs.make_spec(account, plan))
    except PUBLIC_ERRORS as error:
        form.add_error(_field_of(error, form), error.message)
        return _show_form(request, account, form, status=400)
    return HttpResponseRedirect(f"{reverse('run-plan')}?plan={runs.keep_plan(plan)}")


def _make_plan(account: Account, form: RunForm, inbox: Inbox) -> Plan:
    versions = runs.find_latest(list(form.cleaned_data["recipes"]))
    folder = _read_folder(form) if form.cleaned_data["kind"] == "folder" else None
    sources, skipped = ([], []) if folder else _gather(account, form, inbox)
    samples, count = runs.look_into(folder) if folder else (sources[: runs.SHOWN], len(sources))
    return Plan(
        public_id=make_id(),
        account=account.pk,
        sources=sources,
        skipped=skipped,
        folder=folder,
        samples=samples,
        count=count,
        versions=[version.pk for version in versions],
        destination=form.make_destination(),
        label=form.cleaned_data["label"].strip(),
    )


def _read_folder(form: RunForm) -> Folder:
    values = form.cleaned_data
    return Folder(storage_id=values["storage"].pk, prefix=values["folder"], is_recursive=values["is_recursive"])


def _gather(account: Account, form: RunForm, inbox: Inbox) -> tuple[list[Source], list[str]]:
    kind = form.cleaned_data["kind"]
    if kind == "urls":
        return gathering.gather_addresses(form.cleaned_data["urls"]), []
    files = [file for name, file in inbox.files if name == kind]
    if not files:
        raise MalformedRequest("Choose a file.", param=kind)
    if kind == "csv":
        return gathering.gather_csv(files[0].read()), []
    return gathering.gather_files(files, largest_bytes=find_limits(account).max_source_bytes)


def _field_of(error: PublicError, form: RunForm) -> str | None:
    """The field that an error is shown at: the one that pictures came by, or the one that names results."""
    param = error.param or ""
    if "pattern" in param or ".meta." in param:
        return "pattern"
    kind = form.cleaned_data.get("kind", "")
    if param == "recipes":
        return "recipes"
    return {"folder": "storage"}.get(kind, kind) if param in ("", "files", "addresses", kind) else None


def _start(account: Account, plan: Plan) -> HttpResponse:
    job = runs.start_plan(account, plan)
    return HttpResponseRedirect(reverse("admin:jobs_job_change", args=[job.pk]))


def _show_plan(request: HttpRequest, account: Account, plan: Plan, sign: str) -> HttpResponse:
    versions = runs.find_versions(account, plan.versions)
    place = account.connections.filter(pk=plan.destination.storage_id or 0).first()
    recipes = [(version, describe_variant({"steps": version.steps, "output": version.output})) for version in versions]
    context = {
        "plan": plan,
        "sign": sign,
        "account": account,
        "recipes": recipes,
        "place": place,
        "names": plan.sources[:NAMES_SHOWN],
        "more": max(0, len(plan.sources) - NAMES_SHOWN),
        "outputs": None if plan.count is None else plan.count * len(versions),
        "storage": account.connections.filter(pk=plan.folder.storage_id).first() if plan.folder else None,
        "back": _form_url(request, account),
    }
    return _render(request, "jobs/run_plan.html", context)


def _show_form(request: HttpRequest, account: Account, form: RunForm, *, status: int = 200) -> HttpResponse:
    return _render(request, "jobs/run.html", {"form": form, "account": account}, status=status)


def _form_url(request: HttpRequest, account: Account) -> str:
    query = f"?{ACCOUNT}={account.pk}" if own_account(request) is None else ""
    return reverse("run") + query


def _pick_sample(plan: Plan, index: str) -> Source:
    if not index.isdecimal() or int(index[:4]) >= len(plan.samples):
        raise MalformedRequest("The run has no such picture.", param="index")
    return plan.samples[int(index)]


def _render(request: HttpRequest, template: str, context: dict[str, Any], *, status: int = 200) -> HttpResponse:
    frame = {**admin.site.each_context(request), "title": "Run"}
    return TemplateResponse(request, template, {**frame, **context}, status=status)
