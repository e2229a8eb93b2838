"""What the matrix must know of each route: a request that does something to what is Alice's, and who may send it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from tests.dialects.matrix.world import LABEL, PICTURE, RECIPE, STORAGE, Asked, World

Ask = Callable[[World], Asked]
WEB = "http://127.0.0.1:9/a.jpg"
NO_WORKER = 503


@dataclass(frozen=True)
class Row:
    """One method of one view.

    ask: a request that names what is Alice's wherever it can. good: what she gets for it herself. foreign: what
    another account gets for the very same. scope: what a key needs for it. reads: whoever may only read may do it.
    """

    ask: Ask
    good: int = 200
    foreign: int = 404
    scope: str = "image_editing"
    reads: bool = False


def body(**members: Any) -> Ask:
    return lambda world: Asked(body=members)


def at(**names: Callable[[World], Any]) -> Ask:
    return lambda world: Asked(path={name: find(world) for name, find in names.items()})


def file(name: str = "a.png") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, PICTURE)


# --- SlashedCloud ------------------------------------------------------------------------------------------------


def _process(world: World) -> Asked:
    outputs = [{"destination": "/out/1.png", "transformations": [{"type": "flip", "direction": "x"}]}]
    return Asked(body={"service_id": world.service.number, "source": "/a.jpg", "jobs": outputs})


def _retry(world: World) -> Asked:
    return Asked(body={"service_id": world.service.number, "process_ids": [world.ids["process"]]})


def _retry_by_own_service(world: World) -> Asked:
    """Bob names his own service: the process in it is not his."""
    return Asked(body={"service_id": 2, "process_ids": [world.ids["process"]]})


SLASHED = {
    "CreateProcess POST": Row(_process, foreign=403),
    "CreateProcess GET": Row(lambda world: Asked(query=f"process_id={world.ids['process']}")),
    "CreateProcess PUT": Row(_retry, foreign=403),
    "RetryProcesses POST": Row(_retry, foreign=403),
    "GetStatus GET": Row(at(process_id=lambda world: world.ids["process"])),
}

# --- Cropedly ----------------------------------------------------------------------------------------------------

CROPEDLY = {
    "Enhance POST": Row(lambda world: Asked(form={"images": file()}), good=NO_WORKER, foreign=NO_WORKER),
    "UploadImages POST": Row(lambda world: Asked(form={"images": file()}), good=204, foreign=204),
    "Images GET": Row(lambda world: Asked(), foreign=200, reads=True),
    "Images DELETE": Row(lambda world: Asked(query=f"ids={world.image.public_id}"), good=204, foreign=204),
    "OneImage GET": Row(at(image_id=lambda world: world.image.public_id), reads=True),
}

# --- Claid -------------------------------------------------------------------------------------------------------

EDIT = {"input": f"storage://{STORAGE}/a.jpg", "operations": {}}
LATER = {**EDIT, "output": f"storage://{STORAGE}/out/a.jpg"}
MANY = {"input": f"storage://{STORAGE}/in/", "operations": {}, "output": f"storage://{STORAGE}/out/"}
NEW_STORAGE = {"type": "web_folder", "name": "new", "parameters": {"base_url": "https://example.com/"}}


def _upload(world: World) -> Asked:
    data = f'{{"operations": {{}}, "output": "storage://{STORAGE}/out/a.jpg"}}'
    return Asked(form={"file": file(), "data": data})


STORAGE_ID = at(storage_id=lambda world: world.storage.pk)


def _change_storage(world: World) -> Asked:
    return Asked(path={"storage_id": world.storage.pk}, body={"name": "renamed"})


CLAID = {
    "EditImage POST": Row(body(**EDIT), good=NO_WORKER, foreign=422),
    "EditImageLater POST": Row(body(**LATER), foreign=422),
    "GetEdit GET": Row(at(task_id=lambda world: world.ids["edit"])),
    "EditBatch POST": Row(body(**MANY), foreign=422),
    "GetBatch GET": Row(at(task_id=lambda world: world.ids["batch"])),
    "UploadImage POST": Row(_upload, good=NO_WORKER, foreign=422),
    "StorageTypes GET": Row(lambda world: Asked(), foreign=200, scope="storage"),
    "Storages GET": Row(lambda world: Asked(), foreign=200, scope="storage"),
    "Storages POST": Row(body(**NEW_STORAGE), foreign=200, scope="storage"),
    "OneStorage GET": Row(STORAGE_ID, scope="storage"),
    "OneStorage PATCH": Row(_change_storage, scope="storage"),
    "OneStorage DELETE": Row(STORAGE_ID, scope="storage"),
    "GenerateImage POST": Row(body(input="a cat"), good=422, foreign=422),
    "CreateScene POST": Row(body(object={"image_url": WEB}, scene={"prompt": "a cat"}), good=422, foreign=422),
    "EditByWords POST": Row(body(input=WEB, options={"prompt": "a cat"}), good=422, foreign=422),
    "DressModels POST": Row(body(input={"clothing": [WEB]}, options={}), good=422, foreign=422),
    "GenerateVideo POST": Row(body(input=WEB, options={"prompt": "a cat"}), good=422, foreign=422),
    "NoResult GET": Row(at(number=lambda world: 1), good=404),
}

# --- Crop.photo --------------------------------------------------------------------------------------------------

MARGINS = {"top": 5, "bottom": 5, "left": 5, "right": 5, "unit": "%"}
SUBMIT = {"type": "RECIPE", "data": {"recipe_ids": [RECIPE], "asset_detail": [{"url": WEB}]}}
JOB = at(job_id=lambda world: world.ids["recipe job"])


def _banner(world: World) -> Asked:
    return Asked(form={"input_image": file(), "mask_image": file(), "job_labels": ["mine"]})


def _crop(**more: Any) -> Row:
    """A crop names nothing that is anybody's but the picture's address: each may do it for themselves."""
    return Row(body(image_url=WEB, **more), good=NO_WORKER, foreign=NO_WORKER)


CROPPHOTO = {
    "ListRecipes GET": Row(lambda world: Asked(), foreign=200, reads=True),
    "SubmitJob POST": Row(body(**SUBMIT), foreign=400),
    "PollJob GET": Row(JOB, reads=True),
    "GetResult GET": Row(JOB, reads=True),
    "AutoResize POST": _crop(),
    "BodyAware POST": _crop(crop_marker="FACE"),
    "Unrecognizable POST": _crop(crop_marker="nose"),
    "RemoveBackground POST": _crop(),
    "Lifestyle POST": _crop(minimum_margins=MARGINS),
    "CreateBanner POST": Row(_banner, foreign=200),
    "GetBanners POST": Row(lambda world: Asked(body={"job_id": world.ids["banner"]})),
}

# --- Photomill's own ---------------------------------------------------------------------------------------------

STEPS = [{"operation": "flip", "params": {"direction": "horizontal"}}]
NATIVE_RECIPE = at(recipe_id=lambda world: RECIPE)
NATIVE_JOB = at(job_id=lambda world: world.ids["job"])
NATIVE_WORK = {
    "sources": [{"storage": STORAGE, "key": "a.jpg"}],
    "recipes": [RECIPE],
    "destination": {"storage": STORAGE},
    "labels": [LABEL],
}


def _version(world: World) -> Asked:
    return Asked(path={"recipe_id": RECIPE}, body={"steps": STEPS})


NATIVE = {
    "Recipes GET": Row(lambda world: Asked(), foreign=200, reads=True),
    "Recipes POST": Row(body(id=RECIPE, name="mine", steps=STEPS), good=409, foreign=201),
    "ImportRecipes POST": Row(body(id=RECIPE, name="mine", steps=STEPS), foreign=200),
    "OneRecipe GET": Row(NATIVE_RECIPE, reads=True),
    "Versions POST": Row(_version, good=201),
    "ExportRecipe GET": Row(NATIVE_RECIPE, reads=True),
    "Jobs GET": Row(lambda world: Asked(), foreign=200, reads=True),
    "Jobs POST": Row(body(**NATIVE_WORK), good=201, foreign=400),
    "OneJob GET": Row(NATIVE_JOB, reads=True),
    "Items GET": Row(NATIVE_JOB, reads=True),
    "RetryJob POST": Row(NATIVE_JOB, good=409),
    "CancelJob POST": Row(NATIVE_JOB),
}

# --- all of them -------------------------------------------------------------------------------------------------

ROWS: Mapping[str, Mapping[str, Row]] = {
    "slashed": SLASHED,
    "cropedly": CROPEDLY,
    "claid": CLAID,
    "cropphoto": CROPPHOTO,
    "native": NATIVE,
}
DOORS = {"slashed": "service secret", "cropedly": "token"}
"""What a caller shows where it is not an API key."""

OPEN = {
    "cropedly": {"Login POST": "it is where people show who they are: test_login.py"},
    "native": {
        "Schema GET": "describes the API, and holds nothing of anybody: test_description.py",
        "Docs GET": "the same as a page",
    },
}
"""Methods of a product's API that ask nobody who they are, with the reason."""

MORE = [
    ("slashed", "RetryProcesses POST", Row(_retry_by_own_service), "another account"),
    (
        "cropphoto",
        "GetBanners POST",
        Row(lambda world: Asked(body={"job_labels": [LABEL]}), foreign=200),
        "another account",
    ),
    ("native", "Jobs GET", Row(lambda world: Asked(query=f"label={LABEL}"), foreign=200), "another account"),
    (
        "native",
        "Jobs POST",
        Row(body(**{**NATIVE_WORK, "sources": [{"url": WEB}], "recipes": [RECIPE]}), foreign=400),
        "another account",
    ),
]
"""Further requests to a route, by the one caller who must not reach what they name."""

OUTSIDE = {
    "RedirectView /": "leads to the admin",
    "alive /healthz": "says that it is alive",
    "ready /readyz": "names what works, without addresses: test_health.py",
    "show /metrics": "tells strangers no more than that it is there: tests/project/test_metrics.py",
    "stream /files/{ticket}/{name}": "asks for a signed ticket: tests/storage/test_house.py",
    "Forgot /accounts/password/forgot/": "is for who cannot log in: tests/accounts/test_passwords.py",
    "Asked /accounts/password/asked/": "the same",
    "SetPassword /accounts/password/set/{uidb64}/{token}/": "asks for a signed token: tests/accounts/test_passwords.py",
    "Done /accounts/password/done/": "the same",
    "SetUp /accounts/setup/": "asks for a link's secret: tests/accounts/test_operators.py",
    "Done /accounts/setup/done/": "the same",
    "open_link /accounts/setup/{secret}/": "the same",
    "LogIn /admin/login/": "is where people show who they are: tests/admin/test_login.py",
    "login /admin/login/": "is never reached: ours stands before it",
    "GiveCode /admin/login/code/": "the same",
    "no_product /v1/x": "says that there is nothing",
}
"""Routes of no product that are open to anybody, with the reason. All others are the admin's: they ask for a login."""
