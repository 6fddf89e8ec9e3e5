"""What a training has to show, and whether it did: tables of scores, each with the spread over all seeds."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from .evaluation import Scores
from .runs import Point, Run

Curves = Mapping[Run, Sequence[Point]]


@dataclass(frozen=True)
class Bounds:
    """What is asked of every seed.

    Attributes:
        true: name of the images -> the least mAP50 of a model that learned true labels.
        permuted: the most mAP50 of one that learned the labels of other images.
        shifted: the most mAP75 of one that learned boxes in wrong places, as a part of the mean for true labels.
    """

    true: Mapping[str, float]
    permuted: float = 0.02
    shifted: float = 0.5


@dataclass(frozen=True)
class Row:
    """Scores of several seeds, and what was asked of them.

    Attributes:
        labels: what was learned.
        images: what it is judged by.
        scores: one of each seed.
        asked: in words; "" for nothing.
        met: whether all seeds meet it.
    """

    labels: str
    images: str
    scores: Sequence[Scores]
    asked: str
    met: bool


def rows_of(curves: Curves, bounds: Bounds) -> list[Row]:
    """A row for each kind of labels and images."""
    return [_row(labels, images, curves, bounds) for labels, images in _kinds(curves)]


def _kinds(curves: Curves) -> list[tuple[str, str]]:
    """Labels and images; controls are judged by val alone, which says enough."""
    pairs = ((run.labels, images) for run, points in curves.items() for images in points[-1].scores)
    return [pair for pair in dict.fromkeys(pairs) if pair[0] == "true" or pair[1] == "val"]


def _last(curves: Curves, labels: str, images: str) -> list[Scores]:
    return [points[-1].scores[images] for run, points in curves.items() if run.labels == labels]


def _row(labels: str, images: str, curves: Curves, bounds: Bounds) -> Row:
    scores = _last(curves, labels, images)
    if labels == "true":
        least = bounds.true[images]
        return Row(labels, images, scores, f"mAP50 ≥ {least:g}", all(one.map50 >= least for one in scores))
    if labels == "permuted":
        most = bounds.permuted
        return Row(labels, images, scores, f"mAP50 ≤ {most:g}", all(one.map50 <= most for one in scores))
    most = bounds.shifted * _mean([one.map75 for one in _last(curves, "true", images)])
    return Row(labels, images, scores, f"mAP75 < {most:.3f}", all(one.map75 < most for one in scores))


def proof_lines(rows: Sequence[Row]) -> Iterator[str]:
    """The table of all rows, as Markdown."""
    yield "| labels | images | seeds | mAP50 | mAP75 | mAP | asked of each seed | met |"
    yield "| --- | --- | --- | --- | --- | --- | --- | --- |"
    for row in rows:
        figures = (_spread([getattr(one, field) for one in row.scores]) for field in ("map50", "map75", "map"))
        cells = row.labels, row.images, str(len(row.scores)), *figures, row.asked, "yes" if row.met else "**no**"
        yield f"| {' | '.join(cells)} |"


def category_lines(curves: Curves) -> Iterator[str]:
    """AP50 of each category, learned from true labels."""
    kinds = [images for labels, images in _kinds(curves) if labels == "true"]
    yield f"| category | {' | '.join(kinds)} |"
    yield f"| --- |{' --- |' * len(kinds)}"
    for name in _last(curves, "true", "val")[0].by_category:
        cells = (_spread([one.by_category[name] for one in _last(curves, "true", images)]) for images in kinds)
        yield f"| {name} | {' | '.join(cells)} |"


def curve_lines(curves: Curves) -> Iterator[str]:
    """How mAP50 grows with true labels: means over all seeds."""
    kinds = [images for labels, images in _kinds(curves) if labels == "true"]
    yield f"| epoch | processor seconds | loss | {' | '.join(f'mAP50 {images}' for images in kinds)} |"
    yield f"| --- | --- | --- |{' --- |' * len(kinds)}"
    for points in zip(*(points for run, points in curves.items() if run.labels == "true"), strict=True):
        seconds, loss = _mean([point.seconds for point in points]), _mean([point.loss for point in points])
        scores = (_mean([point.scores[images].map50 for point in points]) for images in kinds)
        cells = str(points[0].epoch), f"{seconds:.0f}", f"{loss:.2f}", *(f"{score:.2f}" for score in scores)
        yield f"| {' | '.join(cells)} |"


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def _spread(values: Sequence[float]) -> str:
    """Mean, and from lowest to highest if there are several."""
    spread = f" ({min(values):.3f} to {max(values):.3f})" if len(values) > 1 else ""
    return f"{_mean(values):.3f}{spread}"
