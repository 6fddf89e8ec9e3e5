"""A picture whose pixels lie elsewhere than in the render is noticed, and one that only has other colours is not."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from core.annotate import moved_pixels
from core.annotate.annotate import annotate
from core.frames.frame_files import find_frames
from core.records.frame_job import FrameJob
from core.settings.settings import ImageFrom, Settings

HEIGHT, WIDTH = 240, 320


def render() -> np.ndarray:
    """Boxes of many brightnesses over a dark ground, (H, W, 4) float32."""
    random = np.random.default_rng(3)
    image = np.full((HEIGHT, WIDTH, 4), 0.02, dtype=np.float32)
    image[..., 3] = 1
    for _ in range(120):
        y, x = random.integers(0, HEIGHT - 20), random.integers(0, WIDTH - 20)
        height, width = random.integers(8, 40, 2)
        image[y : y + height, x : x + width, :3] = random.random(3) ** 2
    return image


def blurred(image: np.ndarray) -> np.ndarray:
    return sum(np.roll(image, (y, x), (0, 1)) for y in (-1, 0, 1) for x in (-1, 0, 1)) / 9


def magnified(image: np.ndarray) -> np.ndarray:
    rows = ((np.arange(HEIGHT) - HEIGHT / 2) / 1.1 + HEIGHT / 2).astype(int)
    columns = ((np.arange(WIDTH) - WIDTH / 2) / 1.1 + WIDTH / 2).astype(int)
    return image[rows][:, columns]


def has_moved(composite: np.ndarray, own: np.ndarray) -> bool:
    """Of (H, W, C) images."""
    return moved_pixels.has_moved(np.moveaxis(composite, -1, 0), np.moveaxis(own, -1, 0))


STAYS = {
    "nothing": lambda image: image,
    "exposure": lambda image: image * 4,
    "gamma": lambda image: image**0.5,
    "grey": lambda image: np.broadcast_to(image.mean(axis=-1, keepdims=True), image.shape),
    "blur": blurred,
    "glow": lambda image: image + 0.5 * blurred(blurred(image)),
    "grain": lambda image: image * np.random.default_rng(1).normal(1, 0.05, image.shape),
    "background": lambda image: np.where(image > 0.02, image, np.linspace(0, 0.5, WIDTH)[:, None]),
    "black": np.zeros_like,
}
MOVES = {
    "3 pixels": lambda image: np.roll(image, 3, axis=1),
    "half the image": lambda image: np.roll(image, HEIGHT // 2, axis=0),
    "flip": lambda image: image[:, ::-1],
    "magnified": magnified,
}


@pytest.mark.parametrize("change", STAYS.values(), ids=STAYS)
def test_other_colours(change: Callable[[np.ndarray], np.ndarray]) -> None:
    assert not has_moved(change(render()).astype(np.float32), render())


@pytest.mark.parametrize("change", MOVES.values(), ids=MOVES)
def test_other_places(change: Callable[[np.ndarray], np.ndarray]) -> None:
    assert has_moved(change(render()), render())


@pytest.mark.parametrize("size", [(1, 1), (16, 16), (17, 300)])
def test_small_images(size: tuple[int, int]) -> None:
    image = render()[: size[0], : size[1]]
    assert not has_moved(image, image)


@pytest.mark.parametrize("parts", [True, False])
@pytest.mark.parametrize("image_from", ImageFrom)
def test_files_alone_have_a_note(write_exr, tmp_path: Path, image_from: ImageFrom, parts: bool) -> None:
    def channels(image: np.ndarray) -> dict[str, np.ndarray]:
        return {letter: np.ascontiguousarray(image[..., number]) for number, letter in enumerate("RGBA")}

    passes = {
        "Composite.Combined": channels(np.roll(render(), 5, axis=0)),
        "ViewLayer.Combined": channels(render()),
        "ViewLayer.IndexOB": {"X": np.ones((HEIGHT, WIDTH), dtype=np.float32)},
    }
    flat = {f"{name}.{letter}": values for name, some in passes.items() for letter, values in some.items()}
    write_exr(
        tmp_path / "f_0001.exr", [(name, some, {}) for name, some in passes.items()] if parts else [("", flat, {})]
    )
    (files,) = find_frames([tmp_path])

    record = annotate(FrameJob(files, tmp_path / "out", settings=Settings(image_from=image_from, pictures=False)))

    noted = any(note.startswith("The image does not seem to match the labels") for note in record.notes)
    assert noted == (image_from is not ImageFrom.RENDER_LAYER)
