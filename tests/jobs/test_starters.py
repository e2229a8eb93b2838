"""The recipes to begin with: each runs through the engine as it is, and no account loses its own by them."""

import io
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from PIL import Image

from accounts.models import Account
from jobs import engine, recipes, services
from jobs.models import Item, Output, Recipe
from jobs.provisioning import provision
from jobs.recipe_files import export_recipes, read_recipes
from jobs.spec import Destination, JobSpec, Source
from jobs.starters import FOLDER, list_starters
from processing.base import AssetRef
from storage.house import house
from tests.dialects.cropphoto.photos import person, product

pytestmark = pytest.mark.django_db

SIZES = {
    "marketplace-white": (2000, 2000),
    "portrait-crop": (1200, 1500),
    "headless": None,
    "banner-wide": (1600, 600),
    "banner-square": (1080, 1080),
    "banner-tall": (1080, 1920),
    "web-large": (1920, 1440),
    "web-medium": (960, 720),
    "web-small": (480, 360),
    "watermark": (2000, 1500),
}
OF_PEOPLE = {"portrait-crop", "headless"}


@pytest.fixture
def account(tmp_path: Path, settings: Any) -> Account:
    settings.PHOTOMILL_STORAGE_URL = f"file://{tmp_path}/house"
    return Account.objects.create(name="acme")


def run(account: Account, recipe_id: str, data: bytes) -> Output:
    """What the engine makes of a picture by the account's recipe."""
    house().write("uploads/picture", data, content_type="image/jpeg")
    (version,) = recipes.find_versions(account, [recipe_id], param="recipes")
    variant = recipes.to_variant(version, name=recipe_id, destination=Destination())
    source = Source(ref=AssetRef(kind="house", location="uploads/picture"), name="picture.jpg")
    job = services.create_job(account=account, spec=JobSpec(dialect="native", variants=(variant,), sources=(source,)))
    engine.run_item(Item.objects.get(job=job).pk)
    return Output.objects.get(item__job=job)


def test_six_files_have_all_the_recipes_that_are_promised() -> None:
    names = {path.stem for path in FOLDER.glob("*.yaml")}
    assert names == {"marketplace-white", "portrait-crop", "headless", "banner-set", "web-set", "watermark"}
    assert [fields.id for fields in list_starters() if fields.description] == [fields.id for fields in list_starters()]
    assert {fields.id for fields in list_starters()} == SIZES.keys()


@pytest.mark.parametrize("recipe_id", SIZES)
def test_each_runs_as_it_is(account: Account, recipe_id: str) -> None:
    call_command("starter_recipes", "acme")
    made = run(account, recipe_id, person() if recipe_id in OF_PEOPLE else product())
    assert (made.state, made.error_message) == ("stored", "")
    assert made.width is not None
    assert SIZES[recipe_id] in (None, (made.width, made.height))


def test_marketplace_white_leaves_the_product_alone_on_white(account: Account) -> None:
    call_command("starter_recipes", "acme")
    picture = open_result(run(account, "marketplace-white", product()))
    assert all(min(picture.getpixel(corner)) > 250 for corner in ((5, 5), (1994, 5), (5, 1994), (1994, 1994)))
    assert picture.getpixel((1000, 1900))[0] > 100 > picture.getpixel((1000, 1800))[1]


def test_headless_leaves_no_eyes(account: Account) -> None:
    call_command("starter_recipes", "acme")
    whole = Image.open(io.BytesIO(person()))
    made = run(account, "headless", person())
    assert made.height is not None
    # Her eyes are in the upper fourth of the picture; what is left begins below them.
    assert whole.height * 0.55 < made.height < whole.height * 0.8
    assert run(account, "headless", product()).error_code == "subject_not_found"


def test_the_watermark_can_be_read_on_light_ground(account: Account) -> None:
    call_command("starter_recipes", "acme")
    picture = open_result(run(account, "watermark", product())).convert("L")
    corner = picture.crop((picture.width - 420, picture.height - 110, picture.width - 20, picture.height - 30))
    darkest, lightest = corner.getextrema()
    assert isinstance(darkest, int)
    assert isinstance(lightest, int)
    assert lightest - darkest > 150


def open_result(made: Output) -> Any:
    return Image.open(io.BytesIO(house().read(made.key, max_bytes=10**8).data))


def test_an_account_s_own_recipes_stay_as_they_are(account: Account, capsys: Any) -> None:
    own = recipes.RecipeFields.model_validate(
        {"id": "headless", "name": "Ours", "steps": [{"operation": "flip", "params": {"direction": "vertical"}}]}
    )
    recipes.create_recipe(account, own)
    call_command("starter_recipes", "acme")
    assert "9 changes" in capsys.readouterr().out
    call_command("starter_recipes", "acme")
    assert capsys.readouterr().out == "0 changes\n"
    assert Recipe.objects.get(public_id="headless").name == "Ours"
    assert Recipe.objects.filter(account=account).count() == 10


def test_an_unknown_account_is_named() -> None:
    with pytest.raises(CommandError, match="'nobody'"):
        call_command("starter_recipes", "nobody")


def test_the_account_file_may_ask_for_them(account: Account) -> None:
    content = {"accounts": [{"name": "acme", "starter_recipes": True}]}
    assert len([line for line in provision(content) if line.startswith("recipe ")]) == 10
    assert provision(content) == []


def test_they_are_exported_as_they_were_written(account: Account) -> None:
    call_command("starter_recipes", "acme")
    rows = Recipe.objects.filter(account=account)
    assert {fields.id: fields for fields in read_recipes(export_recipes(rows))} == {
        fields.id: fields for fields in list_starters()
    }
