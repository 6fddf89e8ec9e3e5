"""What to say of what is known of a dataset besides its frames: what is missing, damaged, or contradicts itself."""

from collections.abc import Iterator, Sequence

from ...frames.frame_messages import listed_frames
from .finding import Finding, Level, dataset_finding
from .known import Known

_MOST_FRAMES, _MOST_SENTENCES = 100, 5


def known_findings(known: Known) -> Iterator[Finding]:
    """A finding for each kind of these."""
    if known.damaged:
        count = len(known.damaged)
        yield dataset_finding(
            "damaged",
            Level.BAD,
            "record that cannot be read" if count == 1 else "records that cannot be read",
            _sentences(known.damaged),
            "",
            count,
        )
    if known.missing:
        count = len(known.missing)
        yield dataset_finding(
            "missing",
            Level.BAD,
            "planned frame without a record" if count == 1 else "planned frames without a record",
            f"A run has failed over them, or has not come to them yet: {_frames(known.missing)}.",
            "Annotate them, or plan again without them.",
            count,
        )
    if known.only_described:
        count = len(known.only_described)
        yield dataset_finding(
            "only_described",
            Level.LOOK,
            "frame that was not annotated" if count == 1 else "frames that were not annotated",
            f"Blender has described {'it' if count == 1 else 'them'}, and there is no record: a run has failed or was "
            f"stopped there. {_frames(known.only_described)}.",
            "Export again, which makes only what is missing, or remove their files from the folder scenes.",
            count,
        )
    if known.contradictions:
        count = len(known.contradictions)
        yield dataset_finding(
            "contradicts",
            Level.BAD,
            "contradiction in the dataset as a whole" if count == 1 else "contradictions in the dataset as a whole",
            _sentences(known.contradictions),
            "",
            count,
        )


def _frames(names: Sequence[str]) -> str:
    return listed_frames(names[:_MOST_FRAMES]) + (", ..." if len(names) > _MOST_FRAMES else "")


def _sentences(sentences: Sequence[str]) -> str:
    """The first of some sentences, each as one, and how many more there are."""
    more = f" And {len(sentences) - _MOST_SENTENCES} more." if len(sentences) > _MOST_SENTENCES else ""
    return " ".join(f"{one.rstrip('.')}." for one in sentences[:_MOST_SENTENCES]) + more
