import numpy as np
import pytest
from numpy.typing import NDArray

from processing.matting import solve_alpha
from tests.processing.subjects import draw_alpha, photo

SIZE = (240, 180)


def alpha_of_mug() -> NDArray[np.float32]:
    return np.asarray(draw_alpha(SIZE), np.float32) / np.float32(255)


def compose(alpha: NDArray[np.float32], above: NDArray[np.float32], below: NDArray[np.float32]) -> NDArray[np.uint8]:
    share = alpha[..., np.newaxis]
    return (above * share + below * (1 - share) + 0.5).astype(np.uint8)


def around_edges(alpha: NDArray[np.float32], reach: int) -> NDArray[np.bool_]:
    near = np.zeros(alpha.shape, bool)
    for dy in range(-reach, reach + 1):
        for dx in range(-reach, reach + 1):
            near |= np.roll(alpha, (dy, dx), (0, 1)) != alpha
    return near


def blind(alpha: NDArray[np.float32], unknown: NDArray[np.bool_]) -> NDArray[np.float32]:
    """What is known of alpha, and one half elsewhere."""
    return np.where(unknown, np.float32(0.5), alpha.round()).astype(np.float32)


@pytest.mark.parametrize("ground", ["one colour", "gravel"])
def test_alpha_is_found_again_from_the_colours(ground: str) -> None:
    alpha = alpha_of_mug()
    below = np.full((180, 240, 3), (30, 60, 190)) if ground == "one colour" else np.asarray(photo("gravel.png", SIZE))
    pixels = compose(alpha, np.full((180, 240, 3), (200, 60, 40), np.float32), below.astype(np.float32))
    unknown = around_edges(alpha, 3)
    made = solve_alpha(pixels, blind(alpha, unknown), unknown)
    error = np.abs(made - alpha)[unknown].mean()
    assert error < (0.02 if ground == "one colour" else 0.08)


def test_what_is_known_stays_as_it_is() -> None:
    alpha = alpha_of_mug()
    unknown = around_edges(alpha, 2)
    guess = blind(alpha, unknown)
    made = solve_alpha(np.asarray(photo("coffee.png", SIZE)), guess, unknown)
    assert (made[~unknown] == guess[~unknown]).all()
    assert made.min() >= 0
    assert made.max() <= 1


def test_without_anything_unknown_the_guess_is_the_answer() -> None:
    guess = alpha_of_mug()
    made = solve_alpha(np.asarray(photo("coffee.png", SIZE)), guess, np.zeros(guess.shape, bool))
    assert (made == guess).all()


def test_where_colours_say_nothing_the_guess_decides() -> None:
    unknown = np.zeros((60, 60), bool)
    unknown[20:40, 20:40] = True
    guess = np.zeros((60, 60), np.float32)
    guess[:, 30:] = 1
    made = solve_alpha(np.full((60, 60, 3), 128, np.uint8), guess, unknown)
    assert made[30, 21] < 0.5 < made[30, 38]


def test_unknown_pixels_at_the_border_and_everywhere_are_solved() -> None:
    pixels = np.asarray(photo("coffee.png", (40, 30)))
    guess = np.full((30, 40), 0.25, np.float32)
    made = solve_alpha(pixels, guess, np.ones((30, 40), bool))
    assert made == pytest.approx(guess, abs=0.05)
