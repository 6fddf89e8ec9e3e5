"""How good detections are, by COCOeval of pycocotools."""

import contextlib
import io
from dataclasses import dataclass

from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from .detector import Detections, Detector, detect
from .samples import Samples


@dataclass(frozen=True)
class Scores:
    """Average precision over all categories, from 0 to 1.

    Attributes:
        map50: of detections that overlap a thing by an IoU of at least 0.5.
        map75: by at least 0.75.
        map: the mean of 0.5, 0.55 and so on to 0.95, which COCO calls mAP.
        by_category: name -> what map50 is of it alone.
    """

    map50: float
    map75: float
    map: float
    by_category: dict[str, float]


def evaluate(model: Detector, samples: Samples) -> Scores:
    """Compare what a detector finds in images with their labels."""
    return scores_of(detect(model, samples.images), samples)


def scores_of(detections: list[Detections], samples: Samples) -> Scores:
    """Compare detections with the labels of the images."""
    rows = [
        {"image_id": image, "category_id": samples.category_ids[place], "bbox": [x0, y0, x1 - x0, y1 - y0], "score": s}
        for image, found in zip(samples.image_ids, detections, strict=True)
        for (x0, y0, x1, y1), place, s in zip(
            found.boxes.tolist(), found.classes.tolist(), found.scores.tolist(), strict=True
        )
    ]
    if not rows:
        return Scores(0.0, 0.0, 0.0, dict.fromkeys(samples.names, 0.0))
    with contextlib.redirect_stdout(io.StringIO()):
        truth = COCO(samples.annotations)
        judge = COCOeval(truth, truth.loadRes(rows), "bbox")
        judge.evaluate()
        judge.accumulate()
        judge.summarize()
    # IoU x recall x category x size of things x number of detections; -1 where there is nothing to find
    precision = judge.eval["precision"][0, :, :, 0, -1]
    alone = {name: float(precision[:, place].mean()) for place, name in enumerate(samples.names)}
    return Scores(*(float(judge.stats[place]) for place in (1, 2, 0)), alone)
