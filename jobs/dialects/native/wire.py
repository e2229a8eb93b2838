"""Requests into our vocabulary. No HTTP, no writes. The way back is in `answers.py`."""

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Any

from accounts.models import Account
from accounts.signing import check_signing_secret
from jobs import recipes
from jobs.assets import find_asset, name_object
from jobs.dialect import to_storable
from jobs.dialects.native import fields
from jobs.errors import MalformedRequest, PublicError
from jobs.models import RecipeVersion
from jobs.names import check_pattern, name_of_url
from jobs.spec import Destination, Folder, JobSpec, Source, Variant
from processing.base import AssetRef
from storage import http, kinds
from storage.connections import find_connection
from storage.errors import StorageError

Uploads = Sequence[tuple[str, AssetRef]]
VARIANT = re.compile(r"variants\[(\d+)\]")


def to_spec(asked: fields.JobFields, account: Account, *, uploads: Uploads = (), body: Any = None) -> JobSpec:
    """A job. uploads: what came with the request, by name. body: what was sent. Raises a public error."""
    destination = _find_destination(asked.destination, account)
    variants, used = _find_variants(asked, account, destination)
    sources = [
        _find_source(source, account, uploads, f"sources[{place}]") for place, source in enumerate(asked.sources)
    ]
    named = {source.upload for source in asked.sources}
    sources += [Source(ref=ref, name=name) for name, ref in uploads if name not in named]
    _check_counts(asked, len(sources), len(variants))
    return JobSpec(
        dialect="native",
        sources=tuple(sources),
        folders=tuple(_find_folder(folder, account, number) for number, folder in enumerate(asked.folders)),
        variants=tuple(variants),
        callback_url=_check_callback(asked.callback),
        callback_secret=(asked.callback.secret or "") if asked.callback else "",
        labels=tuple(asked.labels),
        priority=asked.priority,
        item_credits=len(variants),
        uploads=frozenset(ref.location for _, ref in uploads),
        request=_without_secret(body),
        dialect_data={"recipes": used},
    )


def name_fields(error: PublicError, asked: fields.JobFields) -> PublicError:
    """The error with its fields as the request calls them: what the spec calls variants are recipes and chains."""

    def rename(match: re.Match[str]) -> str:
        number = int(match[1]) - len(asked.recipes)
        return f"recipes[{match[1]}]" if number < 0 else f"chains[{number}]"

    if error.param:
        if error.param.endswith("destination.pattern"):
            error.param, error.message = "destination.name", f"destination.name: {error.message}"
        error.param = VARIANT.sub(rename, error.param)
    return error


def _check_counts(asked: fields.JobFields, sources: int, variants: int) -> None:
    if not sources and not asked.folders:
        raise MalformedRequest("sources, folders or files are required", param="sources")
    if sources > fields.MOST_SOURCES:
        raise MalformedRequest(f"a job may have {fields.MOST_SOURCES} sources, this one has {sources}", param="sources")
    if sources * variants > fields.MOST_OUTPUTS:
        outputs = f"{sources} sources by {variants} recipes"
        raise MalformedRequest(f"a job may have {fields.MOST_OUTPUTS} outputs; {outputs} are more", param="sources")


def _find_variants(
    asked: fields.JobFields, account: Account, destination: Destination
) -> tuple[list[Variant], list[dict[str, Any]]]:
    versions = recipes.find_versions(account, asked.recipes, param="recipes")
    _refuse_twice([version.pk for version in versions], [chain.name for chain in asked.chains])
    often = Counter(version.recipe_id for version in versions)
    variants, used = [], []
    for version in versions:
        public_id = version.recipe.public_id
        name = public_id if often[version.recipe_id] == 1 else f"{public_id}-v{version.number}"
        variants.append(recipes.to_variant(version, name=name, destination=destination))
        used.append({"name": name, "id": public_id, "version": version.number})
    for number, chain in enumerate(asked.chains):
        steps, output = recipes.read_chain(account, chain, param=f"chains[{number}].")
        version = RecipeVersion(steps=steps, output=output)
        variants.append(recipes.to_variant(version, name=chain.name, destination=destination))
        used.append({"name": chain.name, "id": None, "version": None})
    return variants, used


def _refuse_twice(versions: list[int], names: list[str]) -> None:
    for path, values in (("recipes", versions), ("chains", names)):
        for number, value in enumerate(values):
            if value in values[:number]:
                where = f"{path}[{number}]"
                raise MalformedRequest(f"{where} is there already", param=where)


def _find_source(source: fields.SourceFields, account: Account, uploads: Uploads, param: str) -> Source:
    if source.upload is not None:
        ref, name = _find_upload(source.upload, uploads, param=f"{param}.upload"), source.upload
    elif source.url is not None:
        ref, name = find_asset(account, source.url, param=f"{param}.url"), name_of_url(source.url)
    else:
        ref, name = _find_object(source, account, param), PurePosixPath(source.key or "").name
    meta = to_storable(dict(source.meta))
    if len(str(meta)) > fields.MOST_META_BYTES:
        raise MalformedRequest(f"{param}.meta has more than {fields.MOST_META_BYTES} bytes", param=f"{param}.meta")
    return Source(ref=ref, name=_clean_name(source.name, param) if source.name else name, meta=meta)


def _find_object(source: fields.SourceFields, account: Account, param: str) -> AssetRef:
    try:
        return name_object(account, source.storage or "", source.key or "")
    except StorageError as error:
        raise MalformedRequest(f"{param}: {error.message}", param=param) from None


def _find_upload(name: str, uploads: Uploads, *, param: str) -> AssetRef:
    found = [ref for known, ref in uploads if known == name]
    if len(found) != 1:
        many = "more than one file" if found else "no picture"
        raise MalformedRequest(f"{param}: the form has {many} of the name {name!r}", param=param)
    return found[0]


def _clean_name(name: str, param: str) -> str:
    try:
        check_pattern(name.replace("{", "").replace("}", ""), param=f"{param}.name")
    except StorageError as error:
        raise MalformedRequest(error.message, param=f"{param}.name") from None
    return name


def _find_folder(folder: fields.FolderFields, account: Account, number: int) -> Folder:
    param = f"folders[{number}]"
    try:
        connection = find_connection(account, folder.storage)
        prefix = name_object(account, folder.storage, folder.prefix.strip("/")).location if folder.prefix else ""
    except StorageError as error:
        raise MalformedRequest(f"{param}: {error.message}", param=param) from None
    if not kinds.get(connection.kind).is_listable:
        raise MalformedRequest(f"{param}: the storage {connection.name!r} cannot be listed", param=f"{param}.storage")
    return Folder(storage_id=connection.pk, prefix=prefix, is_recursive=folder.recursive)


def _find_destination(asked: fields.DestinationFields | None, account: Account) -> Destination:
    if asked is None:
        return Destination()
    try:
        connection = find_connection(account, asked.storage)
        check_pattern(asked.name, param="destination.name")
    except StorageError as error:
        param = error.param or "destination.storage"
        raise MalformedRequest(f"{param}: {error.message}", param=param) from None
    if not kinds.get(connection.kind).is_writable:
        message = f"destination.storage: the storage {connection.name!r} cannot be written to"
        raise MalformedRequest(message, param="destination.storage")
    return Destination(storage_id=connection.pk, pattern=asked.name, collision=asked.on_collision)


def _check_callback(asked: fields.CallbackFields | None) -> str:
    if asked is None:
        return ""
    fault = check_signing_secret(asked.secret) if asked.secret is not None else None
    if fault:
        raise MalformedRequest(f"callback.secret {fault}", param="callback.secret")
    try:
        http.refuse_early(asked.url)
    except StorageError as error:
        raise MalformedRequest(f"callback.url: {error.message}", param="callback.url") from None
    return asked.url


def _without_secret(body: Any) -> Any:
    if isinstance(body, dict) and isinstance(body.get("callback"), dict):
        body = {**body, "callback": {key: value for key, value in body["callback"].items() if key != "secret"}}
    return to_storable(body)
