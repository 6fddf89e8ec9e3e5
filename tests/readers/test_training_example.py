"""The parts of examples/train, each by something that knows the answer; `nox -s train` trains with them."""

from pathlib import Path

import labelpass
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from pycocotools.coco import COCO

from examples.train.detector import Detections, Detector, Targets, detect, detections_of, loss_of, targets_of
from examples.train.evaluation import scores_of
from examples.train.proof import Bounds, proof_lines, rows_of
from examples.train.runs import POINTS, Run, curve
from examples.train.samples import Samples, permuted, read_samples, shifted
from examples.train.training import augmented

DATA = Path(__file__).resolve().parents[1] / "data"
HEIGHT, WIDTH = SIZE = 48, 64


@pytest.fixture(scope="module")
def export(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Frames of one size, all of them in the splits train, val and test alike."""
    dataset = tmp_path_factory.mktemp("dataset")
    for frame in labelpass.find_frames([DATA / "4.5/multilayer_0001.exr", DATA / "4.5/multilayer_0002.exr"]):
        labelpass.annotate(labelpass.FrameJob(frame, dataset))
    labelpass.merge(dataset)
    exported = labelpass.open(dataset).export("coco", splits="train=100")
    (folder,) = exported.folders.values()
    for split in ("val", "test"):
        (folder / "images" / split).symlink_to("train")
        (folder / f"annotations/instances_{split}.json").symlink_to("instances_train.json")
    return folder


@pytest.fixture(scope="module")
def samples(export: Path) -> Samples:
    return read_samples(export, "train")


def as_detections(samples: Samples) -> list[Detections]:
    """The labels, as if a detector had found them."""
    return [
        Detections(boxes, classes, torch.ones(len(boxes)))
        for boxes, classes in zip(samples.boxes, samples.classes, strict=True)
    ]


def test_samples_are_those_of_pycocotools(samples: Samples, export: Path) -> None:
    coco = COCO(export / "annotations/instances_train.json")
    assert samples.image_ids == coco.getImgIds()
    assert [coco.cats[one]["name"] for one in samples.category_ids] == samples.names
    for image, boxes, classes in zip(samples.image_ids, samples.boxes, samples.classes, strict=True):
        rows = coco.loadAnns(coco.getAnnIds(image))
        assert [[x0, y0, x1 - x0, y1 - y0] for x0, y0, x1, y1 in boxes.tolist()] == [row["bbox"] for row in rows]
        assert [samples.category_ids[place] for place in classes.tolist()] == [row["category_id"] for row in rows]


def test_labels_found_as_they_are_score_one(samples: Samples) -> None:
    scores = scores_of(as_detections(samples), samples)
    assert scores.map == scores.map50 == scores.map75 == pytest.approx(1)
    assert list(scores.by_category.values()) == pytest.approx([1] * len(samples.names))


def test_boxes_in_wrong_places_score_less(samples: Samples) -> None:
    scores = scores_of(as_detections(shifted(samples, 0, 8)), samples)
    assert scores.map75 < 0.1
    assert scores.map50 < 0.6


def test_nothing_found_scores_zero(samples: Samples) -> None:
    nothing = Detections(torch.zeros(0, 4), torch.zeros(0, dtype=torch.int64), torch.zeros(0))
    assert scores_of([nothing] * len(samples), samples).map50 == 0


def test_no_image_keeps_its_labels_when_they_are_permuted() -> None:
    count = 50
    boxes = [torch.full((1, 4), float(place)) for place in range(count)]
    classes = [torch.tensor([place]) for place in range(count)]
    samples = Samples(Path(), [], [], list(range(count)), torch.zeros(count, 3, 1, 1), boxes, classes)
    found = permuted(samples, seed=0)
    assert sorted(one.item() for one in found.classes) == list(range(count))
    for place, (box, one) in enumerate(zip(found.boxes, found.classes, strict=True)):
        assert one.item() != place
        assert box.unique().tolist() == one.tolist()


def drawn_boxes(most: int) -> st.SearchStrategy[list[tuple[int, int, int, int]]]:
    """Boxes of at least 8 x 8 pixels inside the image."""
    sides = st.tuples(st.integers(0, WIDTH - 8), st.integers(0, HEIGHT - 8), st.integers(8, 40), st.integers(8, 40))
    inside = sides.map(lambda box: (box[0], box[1], min(box[0] + box[2], WIDTH), min(box[1] + box[3], HEIGHT)))
    return st.lists(inside, min_size=1, max_size=most)


@settings(max_examples=50, deadline=None)
@given(drawn_boxes(1), st.integers(0, 2**31))
def test_boxes_follow_their_pixels_when_images_are_changed(boxes: list[tuple[int, ...]], seed: int) -> None:
    """A box that is all that is bright stays around all that is bright."""
    ((x0, y0, x1, y1),) = boxes
    image = torch.zeros(1, 3, *SIZE)
    image[:, :, y0:y1, x0:x1] = 1
    random = torch.Generator().manual_seed(seed)
    changed, moved, classes = augmented(image, torch.tensor([boxes]).float(), torch.tensor([[0]]), random)
    assert 0 <= changed.min() <= changed.max() <= 1
    if classes.item() < 0:
        return  # too little of it is left
    bright = changed[0].mean(0) > (changed.min() + changed.max()) / 2
    # What lies beyond the border of the old image is its mirror image, and bright beside a box that touches the border.
    x0, y0, x1, y1 = (round(side) for side in moved[0, 0].tolist())
    assert bright[y0 + 1 : y1 - 1, x0 + 1 : x1 - 1].all()
    touches = boxes[0][0] < 8 or boxes[0][1] < 8 or boxes[0][2] > WIDTH - 8 or boxes[0][3] > HEIGHT - 8
    if not touches:
        bright[max(y0 - 1, 0) : y1 + 1, max(x0 - 1, 0) : x1 + 1] = False
        assert not bright.any()


def perfect_output(targets: Targets) -> tuple[torch.Tensor, torch.Tensor]:
    """What a detector that has learned everything says."""
    return torch.logit(targets.heat, eps=1e-4), targets.boxes


@settings(max_examples=50, deadline=None)
@given(drawn_boxes(4), st.data())
def test_detections_are_the_boxes_that_targets_were_made_of(boxes: list[tuple[int, ...]], data: st.DataObject) -> None:
    """All whose centres are alone in their neighbourhood; of others at least one is found."""
    classes = data.draw(st.lists(st.integers(0, 2), min_size=len(boxes), max_size=len(boxes)))
    targets = targets_of(torch.tensor([boxes]).float(), torch.tensor([classes]), 3, SIZE)
    (found,) = detections_of(*perfect_output(targets), most=20, least=0.9)
    centres = [((x0 + x1) / 8, (y0 + y1) / 8) for x0, y0, x1, y1 in boxes]
    said = list(zip(found.classes.tolist(), found.boxes.round().int().tolist(), strict=True))
    for place, (box, one, (x, y)) in enumerate(zip(boxes, classes, centres, strict=True)):
        others = [centre for other, centre in enumerate(centres) if other != place]
        if all(max(abs(x - a), abs(y - b)) > 12 for a, b in others):
            assert (one, list(box)) in said
    assert len(found.classes) >= 1


def test_perfect_output_has_less_loss_than_any_other() -> None:
    boxes = torch.tensor([[[4.0, 8, 30, 40], [36, 4, 60, 20]]])
    targets = targets_of(boxes, torch.tensor([[0, 2]]), 3, SIZE)
    heat, sides = perfect_output(targets)
    least = loss_of(heat, sides, targets)
    assert least < 0.1
    assert loss_of(heat, sides + 1, targets) > least
    assert loss_of(-heat, sides, targets) > least
    assert loss_of(heat.flip(1), sides, targets) > least


def test_images_without_boxes_can_be_learned() -> None:
    targets = targets_of(torch.zeros(2, 1, 4), torch.full((2, 1), -1), 3, SIZE)
    heat, sides = Detector(3)(torch.rand(2, 3, *SIZE))
    loss = loss_of(heat, sides, targets)
    loss.backward()
    assert loss.isfinite()


def test_a_run_learns_a_frame_by_heart(export: Path, tmp_path: Path) -> None:
    """Two frames, judged by themselves, are learned; weights that are read back find the same."""
    run = Run("true", 0, 150, export, (("again", export),), tmp_path / "weights.pt")
    points = curve(run)
    assert len(points) == POINTS
    assert points[-1].loss < points[0].loss / 2
    assert points[-1].scores["val"] == points[-1].scores["again"]
    samples = read_samples(export, "val")
    model = Detector(len(samples.names))
    model.load_state_dict(torch.load(tmp_path / "weights.pt"))
    assert scores_of(detect(model, samples.images), samples) == points[-1].scores["val"]
    assert points[-1].scores["val"].map50 > 0.3


def test_what_misses_a_bound_is_said(export: Path) -> None:
    points = curve(Run("true", 0, 1, export, (), None))
    curves = {Run(labels, 0, 1, export, (), None): points for labels in ("true", "permuted", "shifted")}
    *head, true, permuted, shifted = proof_lines(rows_of(curves, Bounds({"val": 0.5})))
    assert len(head) == 2
    assert true.endswith("| mAP50 ≥ 0.5 | **no** |")
    assert permuted.endswith("| mAP50 ≤ 0.02 | yes |")
    assert shifted.endswith("| **no** |")  # 0 is not less than half of 0
