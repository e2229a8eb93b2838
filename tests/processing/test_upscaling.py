"""Networks that double pictures: real ones, on photographs that come with scikit-image."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from skimage import data

from processing import models, upscaling, weights
from processing.errors import ResultTooLarge, UnavailableOperation
from processing.upscaling import CLEAN, DRAWING, GENTLE, MODERATE, STRONG, Network, double, repair
from tests.images import noise
from tests.processing.quality import compress, measure_psnr
from tests.processing.running import array

NETWORKS = [CLEAN, GENTLE, MODERATE, STRONG, DRAWING]
REASON = upscaling.missing(*NETWORKS)
pytestmark = pytest.mark.skipif(REASON is not None, reason=str(REASON))

PHOTO = Image.fromarray(data.astronaut()).crop((130, 20, 330, 180))
HALF = PHOTO.resize((100, 80), Image.Resampling.LANCZOS)


@pytest.fixture(params=NETWORKS, ids=lambda network: network.name)
def network(request: pytest.FixtureRequest) -> Network:
    return request.param


def test_a_picture_is_doubled(network: Network):
    made = double(HALF, network)
    assert (made.mode, made.size) == ("RGB", (200, 160))


def test_what_is_made_comes_closer_to_the_original_than_plain_scaling(network: Network):
    plain = measure_psnr(PHOTO, HALF.resize(PHOTO.size, Image.Resampling.LANCZOS))
    assert measure_psnr(PHOTO, double(HALF, network)) > plain + 0.5


def test_nothing_is_moved(network: Network):
    made, plain = array(double(HALF, network)), array(HALF.resize(PHOTO.size, Image.Resampling.BICUBIC))
    # Half a pixel to any side would be farther off.
    best = np.abs(made - plain)[4:-4, 4:-4].mean()
    for axis in (0, 1):
        for by in (-1, 1):
            assert best < np.abs(np.roll(made, by, axis) - plain)[4:-4, 4:-4].mean() - 1


def test_tiles_leave_no_seams(network: Network, monkeypatch: pytest.MonkeyPatch):
    whole = array(double(HALF, network))
    monkeypatch.setattr(upscaling, "TILE", 37)
    assert np.abs(array(double(HALF, network)) - whole).max() <= 1


def test_noise_leaves_no_seams_either(monkeypatch: pytest.MonkeyPatch):
    rough = noise((90, 70))
    whole = [array(double(rough, network)) for network in NETWORKS]
    monkeypatch.setattr(upscaling, "TILE", 32)
    tiled = [array(double(rough, network)) for network in NETWORKS]
    assert max(np.abs(one - other).max() for one, other in zip(whole, tiled, strict=True)) <= 1


@pytest.mark.parametrize("size", [(1, 1), (1, 30), (30, 1), (3, 2)])
def test_the_smallest_pictures_are_doubled(network: Network, size: tuple[int, int]):
    made = double(Image.new("RGB", size, (40, 90, 200)), network)
    assert made.size == (2 * size[0], 2 * size[1])
    assert np.abs(array(made) - (40, 90, 200)).max() <= 6


def test_the_same_picture_gives_the_same_result(network: Network):
    assert double(HALF, network).tobytes() == double(HALF, network).tobytes()


# --- Repair --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("quality", [20, 40, 60])
@pytest.mark.parametrize("network", [MODERATE, STRONG], ids=["moderate", "strong"], indirect=False)
def test_a_repaired_picture_is_closer_to_what_was_compressed(network: Network, quality: int):
    compressed = compress(PHOTO, quality)
    made = repair(compressed, network)
    assert made.size == PHOTO.size
    assert measure_psnr(PHOTO, made) > measure_psnr(PHOTO, compressed) + 0.3


def test_repair_is_doubling_and_halving(network: Network):
    made, halved = array(repair(HALF, network)), array(double(HALF, network).reduce(2))
    assert np.abs(made - halved).max() <= 1


def test_repair_leaves_no_seams(network: Network, monkeypatch: pytest.MonkeyPatch):
    whole = array(repair(HALF, network))
    monkeypatch.setattr(upscaling, "TILE", 30)
    assert np.abs(array(repair(HALF, network)) - whole).max() <= 1


# --- Limits and files ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("size", "frames", "doublings"), [((5001, 5000), 1, 1), ((500, 501), 100, 1), ((2500, 2501), 1, 2)]
)
def test_what_would_take_too_long_is_refused(size: tuple[int, int], frames: int, doublings: int):
    with pytest.raises(ResultTooLarge, match="the limit is 100"):
        upscaling.check_work(size, frames, doublings)
    upscaling.check_work((size[0] - 1, size[1] - 1), frames, doublings)


def test_a_network_without_its_files_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(weights, "INSTALLED", tmp_path)
    assert "waifu2x_photo_noise1_scale2x.param is not installed" in str(upscaling.missing(MODERATE))
    assert upscaling.missing(MODERATE, CLEAN) is not None
    models.close_all()
    with pytest.raises(UnavailableOperation, match="is not installed"):
        double(HALF, MODERATE)


def test_a_network_whose_file_was_changed_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    for name in MODERATE.files:
        (tmp_path / name).write_bytes(weights.path_of(name).read_bytes())
    changed = bytearray((tmp_path / MODERATE.files[1]).read_bytes())
    changed[1000] ^= 1
    (tmp_path / MODERATE.files[1]).write_bytes(changed)
    monkeypatch.setattr(weights, "INSTALLED", tmp_path)
    models.close_all()
    with pytest.raises(UnavailableOperation, match="sha256"):
        double(HALF, replace(MODERATE))
