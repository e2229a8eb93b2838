"""A run as somebody has put it together, kept until they start it: what goes in, through which recipes, to where."""

from collections.abc import Sequence
from itertools import islice

from django.core import signing
from django.db import IntegrityError, transaction
from pydantic import BaseModel, ConfigDict

from accounts.models import Account
from jobs import services
from jobs.errors import MalformedRequest
from jobs.listings import PICTURE_EXTENSIONS
from jobs.models import Job, Recipe, RecipeVersion
from jobs.recipes import to_variant
from jobs.spec import Destination, Folder, JobSpec, Source, Variant
from jobs.uploads import keep_upload
from processing.base import AssetRef
from storage.connections import open_by_id
from storage.errors import StorageError
from storage.house import house

DIALECT = "native"
SALT = "photomill.run"
KEPT_SECONDS = 12 * 3600
MOST_BYTES = 50_000_000
COUNTED = 10_000
"""Files of a folder are counted up to here while somebody waits."""
SHOWN = 3


class Plan(BaseModel):
    """One run. versions: the recipes' as they were when it was put together. count: None where there are too many.

    skipped: what of a ZIP was passed over.
    """

    model_config = ConfigDict(extra="forbid")

    public_id: str
    account: int
    sources: list[Source] = []
    skipped: list[str] = []
    folder: Folder | None = None
    samples: list[Source]
    count: int | None
    versions: list[int]
    destination: Destination
    label: str = ""


def keep_plan(plan: Plan) -> str:
    """The sign by which the plan is found again. It lies with the uploads, and goes when they go."""
    ref = keep_upload(plan.model_dump_json(exclude_defaults=True).encode(), mime="application/json")
    return signing.dumps({"key": ref.location, "account": plan.account}, salt=SALT)


def find_plan(sign: str, account_id: int | None) -> Plan:
    """The plan of this sign. account_id: whose it must be, None for anybody's. Raises MalformedRequest."""
    gone = MalformedRequest("This run is no longer kept: put it together again.", param="plan")
    try:
        kept = signing.loads(sign, salt=SALT, max_age=KEPT_SECONDS)
        if account_id is not None and kept["account"] != account_id:
            raise gone
        return Plan.model_validate_json(house().read(kept["key"], max_bytes=MOST_BYTES).data)
    except (signing.BadSignature, StorageError):
        raise gone from None


def start_plan(account: Account, plan: Plan) -> Job:
    """The plan's job: a new one the first time, then always that. Raises a public error."""
    job = Job.objects.filter(dialect=DIALECT, public_id=plan.public_id, account=account).first()
    if job is not None:
        return job
    try:
        with transaction.atomic():
            return services.create_job(account=account, spec=make_spec(account, plan), public_id=plan.public_id)
    except IntegrityError:
        # Somebody pressed the button twice.
        return Job.objects.get(dialect=DIALECT, public_id=plan.public_id, account=account)


def make_spec(account: Account, plan: Plan) -> JobSpec:
    """What the engine is asked for."""
    versions = find_versions(account, plan.versions)
    return JobSpec(
        dialect=DIALECT,
        variants=tuple(make_variants(versions, plan.destination)),
        sources=tuple(plan.sources),
        folders=(plan.folder,) if plan.folder else (),
        labels=(plan.label,) if plan.label else (),
        item_credits=len(versions),
        request={"console": describe_versions(versions)},
        dialect_data={"kind": "run", "recipes": describe_versions(versions)},
    )


def find_versions(account: Account, ids: Sequence[int]) -> list[RecipeVersion]:
    """The account's versions of these keys, in this order. Raises MalformedRequest where one is gone."""
    rows = RecipeVersion.objects.select_related("recipe").filter(recipe__account=account, pk__in=ids)
    found = {version.pk: version for version in rows}
    if set(ids) - found.keys():
        raise MalformedRequest("A recipe of this run is gone: put it together again.", param="recipes")
    return [found[pk] for pk in ids]


def make_variants(versions: Sequence[RecipeVersion], destination: Destination) -> list[Variant]:
    """One for each recipe, called by its id."""
    return [to_variant(version, name=version.recipe.public_id, destination=destination) for version in versions]


def describe_versions(versions: Sequence[RecipeVersion]) -> list[dict[str, object]]:
    """Recipes as the job remembers them."""
    ids = [(version.recipe.public_id, version.number) for version in versions]
    return [{"name": public_id, "id": public_id, "version": number} for public_id, number in ids]


def find_latest(recipes: Sequence[Recipe]) -> list[RecipeVersion]:
    """The newest version of each. Raises MalformedRequest for a recipe without any."""
    found = [recipe.latest for recipe in recipes]
    if not all(found):
        raise MalformedRequest("A recipe without a version cannot be run.", param="recipes")
    return [version for version in found if version]


def look_into(folder: Folder) -> tuple[list[Source], int | None]:
    """The first few pictures of a folder, and how many it has: None beyond COUNTED. Raises a StorageError."""
    prefix = f"{folder.prefix.strip('/')}/" if folder.prefix.strip("/") else ""
    storage, cursor, found, seen = open_by_id(folder.storage_id), None, [], 0
    while True:
        page = storage.list(prefix, cursor=cursor)
        seen += len(page.objects)
        found += [facts.key for facts in page.objects if _is_taken(facts.key.removeprefix(prefix), folder)]
        cursor = page.cursor
        if cursor is None or seen >= COUNTED:
            break
    samples = [_to_source(folder, key, prefix) for key in islice(found, SHOWN)]
    return samples, len(found) if cursor is None else None


def _is_taken(name: str, folder: Folder) -> bool:
    return name.rpartition(".")[2].lower() in PICTURE_EXTENSIONS and (folder.is_recursive or "/" not in name)


def _to_source(folder: Folder, key: str, prefix: str) -> Source:
    ref = AssetRef(kind="storage", storage_id=folder.storage_id, location=key)
    return Source(ref=ref, name=key.removeprefix(prefix))
