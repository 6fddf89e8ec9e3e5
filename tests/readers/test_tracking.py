"""Exports of tracks, as programs of others read them and evaluate the truth against itself."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import datumaro
import motmetrics
import numpy as np
import pytest
import trackeval

from core.dataset.splits import Splits
from core.masks.rle import paint_masks
from core.records.frame_record import FrameRecord
from core.settings.export_table import ExportFormat
from core.settings.settings import Settings, SplitBy
from tests.core.made_up import CATEGORIES, exported, several_frames, unusual_frames, write_made_up

SCORED = CATEGORIES[0].name
WHOLE: dict[str, Any] = {"split_by": SplitBy.SEQUENCE, "splits": "train=1,val=1", "scored_category": SCORED}
FOLDERS = {"": "sequence", "shots/B.v2": "shots__B.v2", "unusual": "unusual"}


@pytest.fixture
def records(tmp_path: Path) -> list[FrameRecord]:
    return write_made_up(tmp_path, [*several_frames(12), *unusual_frames()[:1]])


def by_split(records: list[FrameRecord]) -> Iterator[tuple[str, dict[str, list[FrameRecord]]]]:
    """Each split that is not empty, and the records of its sequences by the name of their folder."""
    of = Splits.of_settings(Settings(**WHOLE)).of
    for split in {of(record): None for record in records}:
        sequences: dict[str, list[FrameRecord]] = {}
        for record in records:
            if of(record) == split:
                sequences.setdefault(FOLDERS[record.sequence], []).append(record)
        yield split, sequences


def evaluated(dataset: Any, results: Path) -> dict[str, dict[str, float]]:
    """What TrackEval says of a perfect tracker, all sequences combined."""
    evaluator = trackeval.Evaluator({"PRINT_RESULTS": False, "PRINT_CONFIG": False, "OUTPUT_SUMMARY": False,
                                     "OUTPUT_DETAILED": False, "PLOT_CURVES": False, "TIME_PROGRESS": False,
                                     "OUTPUT_EMPTY_CLASSES": False, "BREAK_ON_ERROR": True,
                                     "LOG_ON_ERROR": str(results / "errors.log")})  # fmt: skip
    metrics = [trackeval.metrics.HOTA(), trackeval.metrics.CLEAR({"PRINT_CONFIG": False}),
               trackeval.metrics.Identity({"PRINT_CONFIG": False})]  # fmt: skip
    found, _ = evaluator.evaluate([dataset], metrics)
    (of_dataset,) = found.values()
    return of_dataset["perfect"]["COMBINED_SEQ"]["pedestrian"]


def config(folder: Path, split: str, results: Path) -> dict[str, Any]:
    return {
        "GT_FOLDER": str(folder / split),
        "TRACKERS_FOLDER": str(results),
        "TRACKERS_TO_EVAL": ["perfect"],
        "SKIP_SPLIT_FOL": True,
        "SEQMAP_FILE": str(folder / f"seqmaps/{split}.txt"),
        "PRINT_CONFIG": False,
    }


def check_perfect(found: dict[str, Any], detections: int) -> None:
    assert np.all(found["HOTA"]["HOTA"] == 1) and found["CLEAR"]["MOTA"] == found["Identity"]["IDF1"] == 1
    assert found["CLEAR"]["CLR_TP"] == detections > 0
    assert found["CLEAR"]["IDSW"] == 0


def test_trackeval_mot(tmp_path: Path, records: list[FrameRecord], reads_back: Any) -> None:
    """Boxes and tracks are those of the records, and a tracker that finds just them is perfect. One that finds what
    the regions to ignore hold too is as good, and one that finds other categories is not."""
    folder = exported(tmp_path, ExportFormat.MOT, **WHOLE).folders[ExportFormat.MOT]
    for split, sequences in by_split(records):
        results = tmp_path / "results" / split
        (results / "perfect/data").mkdir(parents=True)
        for name in sequences:
            rows = [line.split(",") for line in (folder / split / name / "gt/gt.txt").read_text().splitlines()]
            kept = [row for row in rows if row[7] == "1" or row[7] == "8"]
            lines = [",".join([*row[:6], "1", "-1", "-1", "-1"]) for row in kept]
            (results / f"perfect/data/{name}.txt").write_text("\n".join([*lines, ""]))
        dataset = trackeval.datasets.MotChallenge2DBox(config(folder, split, results))
        assert dataset.seq_list == [*sequences]
        for name, frames in sequences.items():
            raw = dataset._load_raw_file("perfect", name, is_gt=True)
            assert raw["num_timesteps"] == len(frames)
            for number, record in enumerate(frames):
                size = len(record.instances)
                boxes = raw["gt_dets"][number][:size]
                left_top, sizes = boxes[:, :2] - 1, boxes[:, 2:]
                wanted = np.reshape([[*one.mask.box] for one in record.instances], (-1, 4))
                assert (np.hstack((left_top, left_top + sizes)) == wanted).all()
                scored = [int(one.category == SCORED) for one in record.instances]
                assert raw["gt_extras"][number]["zero_marked"][:size].tolist() == scored
        right = sum(one.category == SCORED for frames in sequences.values() for record in frames
                    for one in record.instances)  # fmt: skip
        check_perfect(evaluated(dataset, results), right)
        for name in sequences:
            file = results / f"perfect/data/{name}.txt"
            others = (folder / split / name / "gt/gt.txt").read_text().splitlines()
            more = [line.split(",") for line in others if line.split(",")[7] not in ("1", "8")]
            file.write_text(
                file.read_text() + "".join(",".join([*row[:6], "1", "-1", "-1", "-1"]) + "\n" for row in more)
            )
        assert evaluated(dataset, results)["CLEAR"]["MOTA"] < 1
    reads_back("mot", "trackeval", "boxes, tracks, regions to ignore, a perfect score")


def test_motmetrics(
    tmp_path: Path, records: list[FrameRecord], reads_back: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Which numpy had when motmetrics was written.
    monkeypatch.setattr(np, "asfarray", lambda values: np.asarray(values, float), raising=False)
    folder = exported(tmp_path, ExportFormat.MOT, **WHOLE).folders[ExportFormat.MOT]
    seen = 0
    for split, sequences in by_split(records):
        for name, frames in sequences.items():
            file = folder / split / name / "gt/gt.txt"
            truth = motmetrics.io.loadtxt(file, fmt="mot16", min_confidence=1)
            for number, record in enumerate(frames, start=1):
                wanted = [one for one in record.instances if one.category == SCORED]
                seen += len(wanted)
                if not wanted:
                    assert number not in truth.index.get_level_values(0)
                    continue
                rows = truth.loc[number]
                boxes = [[box.x0, box.y0, box.width, box.height] for box in (one.mask.box for one in wanted)]
                assert rows[["X", "Y", "Width", "Height"]].to_numpy().tolist() == boxes
            if truth.empty:
                continue
            accumulator = motmetrics.utils.compare_to_groundtruth(truth, truth, "iou", distth=0.5)
            found = motmetrics.metrics.create().compute(accumulator, metrics=["mota", "idf1", "num_switches"])
            assert found.to_numpy().tolist() == [[1, 1, 0]]
    assert seen
    reads_back("mot", "motmetrics", "boxes, tracks, a perfect score")


def test_trackeval_mots(tmp_path: Path, records: list[FrameRecord], reads_back: Any) -> None:
    """Masks are those of the records; a tracker that finds them is perfect, also if it finds ignore regions."""
    folder = exported(tmp_path, ExportFormat.MOTS, **WHOLE).folders[ExportFormat.MOTS]
    for split, sequences in by_split(records):
        results = tmp_path / "results" / split
        (results / "perfect/data").mkdir(parents=True)
        for name in sequences:
            rows = [line.split(" ") for line in (folder / split / name / "gt/gt.txt").read_text().splitlines()]
            kept = [row for row in rows if row[2] in ("2", "10")]
            # What is found in a region to ignore is of the scored class, as all that a tracker finds.
            lines = [" ".join([frame, id, "2", *rest]) for frame, id, _, *rest in kept]
            (results / f"perfect/data/{name}.txt").write_text("\n".join([*lines, ""]))
        dataset = trackeval.datasets.MOTSChallenge(config(folder, split, results))
        for name, frames in sequences.items():
            raw = dataset._load_raw_file("perfect", name, is_gt=True)
            assert raw["num_timesteps"] == len(frames)
            for number, record in enumerate(frames):
                masks = {row["counts"].decode(): class_ for row, class_ in
                         zip(raw["gt_dets"][number], raw["gt_classes"][number], strict=True)}  # fmt: skip
                assert {*masks} == {one.mask.rle for one in record.instances}
                assert all((masks[one.mask.rle] == 2) == (one.category == SCORED) for one in record.instances)
        right = sum(one.category == SCORED for frames in sequences.values() for record in frames
                    for one in record.instances)  # fmt: skip
        check_perfect(evaluated(dataset, results), right)
    reads_back("mots", "trackeval", "masks, tracks, regions to ignore, a perfect score")


def test_datumaro_mots(tmp_path: Path, records: list[FrameRecord], reads_back: Any) -> None:
    folder = exported(tmp_path, ExportFormat.MOTS, **WHOLE).folders[ExportFormat.MOTS]
    dataset = datumaro.Dataset.import_from(str(folder), "mots")
    names = [label.name for label in dataset.categories()[datumaro.AnnotationType.label]]
    items = {(item.subset, item.id): item for item in dataset}
    assert len(items) == len(records)
    for split, sequences in by_split(records):
        for name, frames in sequences.items():
            tracks: dict[str, int] = {}
            for number, record in enumerate(frames, start=1):
                item = items[split, f"{name}/{number:06}"]
                found = {names[one.label]: [] for one in item.annotations}
                for one in item.annotations:
                    found[names[one.label]].append((np.asarray(one.image, bool), one.attributes["track_id"]))
                for instance in record.instances:
                    mask = paint_masks([instance.mask.rle], record.height, record.width) > 0
                    (track,) = [track for pixels, track in found[instance.category] if (pixels == mask).all()]
                    assert tracks.setdefault(instance.name, track) == track
                assert len(item.annotations) == len(record.instances) + ("ignored" in found)
    reads_back("mots", "datumaro", "splits, masks, tracks, classes")
