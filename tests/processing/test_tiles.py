import pytest

from processing import tiles


@pytest.mark.parametrize("size", [(1, 1), (99, 250), (400, 400), (401, 1200), (1500, 1000)])
def test_every_pixel_lies_in_a_square(size: tuple[int, int]) -> None:
    covered = [[False] * size[0] for _ in range(size[1])]
    for x, y, width, height in tiles.cover(size, 100, overlap=0.25):
        assert 0 < width <= 100
        assert 0 < height <= 100
        for row in covered[y : y + height]:
            row[x : x + width] = [True] * width
    assert all(map(all, covered))


@pytest.mark.parametrize("length", [100, 101, 160, 333, 1000])
def test_what_is_no_longer_than_the_overlap_lies_whole_in_one(length: int) -> None:
    squares = list(tiles.cover((length, 10), 100, overlap=0.25))
    for start in range(length - 24):
        assert any(x <= start and start + 24 <= x + width for x, _, width, _ in squares)
