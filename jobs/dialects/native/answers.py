"""Our rows as answers. No HTTP, no writes."""

from collections.abc import Mapping
from typing import Any

from jobs import recipes
from jobs.assets import write_address
from jobs.dialects.native import shapes
from jobs.models import Delivery, Item, Job, Output, Recipe, RecipeVersion
from jobs.models.jobs import OutputState
from jobs.names import strip_extension
from jobs.spec import Source, Variant
from jobs.webhooks import find_event
from processing import formats
from storage.house import make_link

# --- Jobs ----------------------------------------------------------------------------------------------------------


def to_job(job: Job, **more: Any) -> dict[str, Any]:
    """A job, from its row and its labels."""
    made = shapes.CreatedJob if more else shapes.JobShape
    outputs = {"total": job.items_total * len(job.variants), "stored": job.outputs_stored, "failed": job.outputs_failed}
    shape = made(
        id=job.public_id,
        state=job.state,
        run=job.run,
        is_complete=job.sealed_at is not None,
        items=shapes.ItemCounters(total=job.items_total, ended=job.items_ended, failed=job.items_failed),
        outputs=shapes.OutputCounters(**outputs),
        recipes=[_to_used(used) for used in job.dialect_data.get("recipes", [])],
        labels=[row.label for row in job.labels.all()],
        message=job.message,
        created_at=job.created_at,
        started_at=job.started_at,
        finished_at=job.finished_at,
        **more,
    )
    return shape.model_dump(mode="json")


def to_callback(job: Job, _delivery: Delivery) -> dict[str, Any]:
    """The message at the end of a run: what became of the job, and its counters."""
    return {"type": str(find_event(job)), "job": to_job(job)}


def _to_used(used: Mapping[str, Any]) -> shapes.UsedRecipe:
    # What the console has put together names no names: there a recipe goes by its id.
    return shapes.UsedRecipe(name=used.get("name") or used["id"], id=used["id"], version=used["version"])


# --- Items ---------------------------------------------------------------------------------------------------------


def to_item(item: Item, names: Mapping[int, str]) -> dict[str, Any]:
    """A source with what was made of it. names: of the account's storages, by id."""
    facts = item.source_facts
    picture = {name: facts[name] for name in ("format", "width", "height", "bytes")} if facts else None
    shape = shapes.ItemShape(
        index=item.position + 1,
        name=item.name,
        source=write_address(Source.model_validate(item.source).ref, names),
        meta=item.meta,
        state=item.state,
        error=_to_reason(item.error_code, item.error_message),
        picture=shapes.Picture(**picture) if picture else None,
        outputs=[_to_output(item, output, names) for output in item.outputs.all()],
    )
    return shape.model_dump(mode="json")


def _to_output(item: Item, output: Output, names: Mapping[int, str]) -> shapes.OutputShape:
    is_stored = output.state == OutputState.STORED
    storage = names.get(output.connection_id or 0)
    return shapes.OutputShape(
        recipe=output.name,
        state=output.state,
        url=_make_link(item, output) if is_stored else None,
        storage=storage if is_stored else None,
        key=output.key if is_stored and output.connection_id else None,
        format=output.mime.rpartition("/")[2] or None,
        width=output.width,
        height=output.height,
        bytes=output.size_bytes,
        losses=[shapes.Reason(**loss) for loss in output.report],
        error=_to_reason(output.error_code, output.error_message),
    )


def _make_link(item: Item, output: Output) -> str | None:
    """Where a result of the house storage can be read; None where it went elsewhere, or is deleted."""
    destination = Variant.model_validate(item.job.variants[output.variant]).destination
    if destination.storage_id is not None or output.purged_at or not output.key:
        return None
    form = next(form for form in formats.FORMATS if form.mime == output.mime)
    stem = strip_extension(item.name).rpartition("/")[2] or str(item.position + 1)
    name = f"{stem}-{output.name or output.variant + 1}.{form.extensions[0]}"
    return make_link(output.key, filename=name, content_type=output.mime, made_at=output.created_at)


def _to_reason(code: str, message: str) -> shapes.Reason | None:
    return shapes.Reason(code=code, message=message) if code else None


# --- Recipes -------------------------------------------------------------------------------------------------------


def to_recipe(recipe: Recipe, newest: RecipeVersion | None) -> dict[str, Any]:
    """A recipe with its newest version."""
    return shapes.RecipeShape(**_recipe_facts(recipe, newest)).model_dump(mode="json")


def to_recipe_detail(recipe: Recipe) -> dict[str, Any]:
    """A recipe with every version."""
    versions = list(recipe.versions.order_by("-number"))
    facts = _recipe_facts(recipe, versions[0] if versions else None)
    return shapes.RecipeDetail(**facts, versions=[_to_version(row) for row in versions]).model_dump(mode="json")


def to_version(version: RecipeVersion) -> dict[str, Any]:
    """One version."""
    return _to_version(version).model_dump(mode="json")


def _recipe_facts(recipe: Recipe, newest: RecipeVersion | None) -> dict[str, Any]:
    facts = {"id": recipe.public_id, "name": recipe.name, "description": recipe.description}
    return {**facts, "created_at": recipe.created_at, "newest": _to_version(newest) if newest else None}


def _to_version(version: RecipeVersion) -> shapes.VersionShape:
    steps = [shapes.StepShape(**step) for step in recipes.write_addresses(version.steps)]
    facts = {"number": version.number, "created_at": version.created_at, "output": version.output}
    return shapes.VersionShape(**facts, steps=steps)
