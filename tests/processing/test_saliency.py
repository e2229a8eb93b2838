import numpy as np
import pytest
from PIL import Image

from processing import models, saliency, weights
from processing.errors import UnavailableOperation
from tests.processing.subjects import mug, needs_model, overlap, photo


@needs_model
def test_what_stands_out_is_marked_in_a_square_of_the_picture() -> None:
    scene = mug()
    seen = saliency.look(scene.image)
    known = np.asarray(scene.alpha.resize((320, 320), Image.Resampling.BOX)) >= 128
    assert seen.shape == (320, 320)
    assert overlap(seen >= 0.5, known) > 0.93


@needs_model
def test_the_answer_is_not_stretched_where_nothing_stands_out() -> None:
    assert saliency.look(photo("gravel.png")).max() < 0.2
    assert saliency.look(mug().image).max() > 0.99


@needs_model
def test_a_large_picture_is_seen_as_a_small_one_is() -> None:
    large, small = (saliency.look(mug(size).image) for size in ((6400, 4800), (640, 480)))
    assert overlap(large >= 0.5, small >= 0.5) > 0.98


def test_a_file_that_is_not_the_network_is_refused(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(models, "_loaded", {})
    (tmp_path / "u2net.onnx").write_bytes(b"something else")
    weights.use(tmp_path)
    try:
        assert "u2net.onnx" in str(saliency.missing())
        with pytest.raises(UnavailableOperation, match=r"u2net\.onnx"):
            saliency.look(Image.new("RGB", (4, 4)))
    finally:
        weights.use(None)
