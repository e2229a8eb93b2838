"""The four recipe operations: what there is, a job of pictures times recipes, how far it is, what it made."""

import json
import re
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

from django.utils import timezone
from pydantic import AfterValidator, Field
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.credits import charge, give_back
from accounts.models import Account
from jobs import services
from jobs.dialect import to_storable
from jobs.dialects.cropphoto import guesses, results, wire
from jobs.dialects.cropphoto.fields import Fields, Text, Url, read
from jobs.dialects.cropphoto.views import CropPhotoView
from jobs.errors import MalformedRequest, UnknownJob
from jobs.ids import make_uuid
from jobs.load import is_under_load
from jobs.models import Job, Recipe, RecipeVersion
from jobs.recipes import find_newest, to_variant
from jobs.spec import Destination, JobSpec

JOB_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
SCALARS = str | int | float | bool | None


def _check_meta(meta: dict[str, Any]) -> dict[str, Any]:
    if not all(isinstance(value, SCALARS) for value in meta.values()):
        raise ValueError("should have texts, numbers, true, false and null alone")
    if len(json.dumps(meta)) > guesses.MOST_META_BYTES:
        raise ValueError(f"should have at most {guesses.MOST_META_BYTES} bytes")
    return meta


class Asset(Fields):
    url: Url
    meta_data: Annotated[dict[str, Any], AfterValidator(_check_meta)] | None = None


class Data(Fields):
    recipe_ids: Annotated[list[Text], Field(min_length=1, max_length=guesses.MOST_RECIPES)]
    asset_detail: Annotated[list[Asset], Field(min_length=1, max_length=guesses.MOST_ASSETS)]


class SubmitBody(Fields):
    type: Literal["RECIPE"]
    data: Data


class ListRecipes(CropPhotoView):
    """`GET /recipe/list`: the account's recipes, a page of them."""

    is_counted = False

    def get(self, request: Request) -> Response:
        start, limit = self.read_window()
        mine = Recipe.objects.filter(account=self.caller.account).order_by("name", "public_id")
        page = list(mine[start : start + limit])
        newest = find_newest(page)
        entries = [_describe(recipe, newest[recipe.pk]) for recipe in page if recipe.pk in newest]
        return Response({"start": start, "nEntries": len(entries), "total": mine.count(), "entries": entries})


class SubmitJob(CropPhotoView):
    """`POST /recipe/job/submit`: every picture through every recipe."""

    def post(self, request: Request) -> Response:
        raw = self.read_body()
        body, self.ignored = read(SubmitBody, raw)
        account = self.caller.account
        spec = to_spec(account, body.data, to_storable(raw))
        cost = len(spec.sources) * len(spec.variants)
        charge(account, cost)
        try:
            job = services.create_job(account=account, spec=spec, public_id=make_uuid())
        except BaseException:
            give_back(account, cost)
            raise
        return Response(
            {
                "id": job.public_id,
                "poll": f"/v1/recipe/job/poll/{job.public_id}",
                "result": f"/v1/recipe/job/result/{job.public_id}",
                "isQueueUnderLoad": is_under_load(),
            }
        )


class PollJob(CropPhotoView):
    """`GET /recipe/job/poll/{job_id}`: how far a job is, from its row alone."""

    is_counted = False

    def get(self, request: Request, job_id: str) -> Response:
        job = find_recipe_job(self.caller.account, job_id)
        body = {**results.to_progress(job), "isQueueUnderLoad": is_under_load()}
        later = {} if job.finished_at else {"Retry-After": str(guesses.POLL_AGAIN_SECONDS)}
        return Response(body, headers=later)


class GetResult(CropPhotoView):
    """`GET /recipe/job/result/{job_id}`: what has been made so far, in the order of the request."""

    is_counted = False

    def get(self, request: Request, job_id: str) -> Response:
        return Response(results.to_result(find_recipe_job(self.caller.account, job_id)))


def to_spec(account: Account, data: Data, request: Any) -> JobSpec:
    """A job of every asset times every recipe, at the versions of this moment. Raises MalformedRequest."""
    ids = list(dict.fromkeys(data.recipe_ids))
    if len(ids) * len(data.asset_detail) > guesses.MOST_OUTPUTS:
        raise MalformedRequest(f"data asks for more than {guesses.MOST_OUTPUTS} outputs", param="data")
    versions = _find_versions(account, ids, data.recipe_ids)
    return JobSpec(
        dialect="cropphoto",
        sources=tuple(_to_source(number, asset) for number, asset in enumerate(data.asset_detail)),
        variants=tuple(
            to_variant(version, name=public_id, destination=Destination()) for public_id, version in versions.items()
        ),
        request=request,
        dialect_data={
            "kind": "recipe",
            "recipes": [{"id": public_id, "version": version.number} for public_id, version in versions.items()],
        },
    )


def find_recipe_job(account: Account, job_id: str) -> Job:
    """The account's recipe job of this id, as long as its results are kept. Raises UnknownJob."""
    if not JOB_ID.fullmatch(job_id):
        raise UnknownJob("There is no such job.")
    job = services.find_job(account=account, dialect="cropphoto", public_id=job_id)
    kept_since = timezone.now() - timedelta(hours=guesses.RESULTS_HOURS)
    if job.dialect_data.get("kind") != "recipe" or (job.finished_at and job.finished_at < kept_since):
        raise UnknownJob("There is no such job.")
    return job


def _find_versions(account: Account, ids: list[str], asked: list[str]) -> dict[str, RecipeVersion]:
    found = {
        recipe.public_id: recipe for recipe in Recipe.objects.filter(account=account, public_id__in=_storable(ids))
    }
    newest = find_newest(list(found.values()))
    versions = {key: newest[found[key].pk] for key in ids if key in found and found[key].pk in newest}
    for number, public_id in enumerate(asked):
        if public_id not in versions:
            raise MalformedRequest(f"data.recipe_ids[{number}] unknown recipe", param=f"data.recipe_ids[{number}]")
    return versions


def _storable(ids: list[str]) -> list[str]:
    return [public_id for public_id in ids if public_id == to_storable(public_id)]


def _to_source(number: int, asset: Asset) -> Any:
    meta = {} if asset.meta_data is None else {"meta_data": to_storable(asset.meta_data)}
    return wire.to_source(asset.url, param=f"data.asset_detail[{number}].url", meta=meta)


def _describe(recipe: Recipe, version: RecipeVersion) -> dict[str, Any]:
    return {
        "id": recipe.public_id,
        "name": recipe.name,
        "description": recipe.description,
        "steps": version.steps,
        "created_at": _to_time(recipe.created_at),
        "updated_at": _to_time(version.created_at),
    }


def _to_time(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
