"""What to say of what is known of a dataset besides its frames: what is missing, damaged, or contradicts itself."""

from collections.abc import Iterator, Sequence

from ...frames.frame_messages import listed_frames
from .finding import Finding, Level, dataset_finding
from .known import Known

_MOST_FRAMES, _MOST_SENTENCES = 100, 5


def known_findings(known: Known) -> Iterator[Finding]:
    """A finding for each kind of these."""
    yield from _finding(
        "damaged",
        Level.BAD,
        known.damaged,
        ("record that cannot be read", "records that cannot be read"),
        _sentences(known.damaged),
    )
    yield from _finding(
        "missing",
        Level.BAD,
        known.missing,
        ("planned frame without a record", "planned frames without a record"),
        f"A run has failed over them, or has not come to them yet: {_frames(known.missing)}.",
        "Annotate them, or plan again without them.",
    )
    yield from _finding(
        "only_described",
        Level.LOOK,
        known.only_described,
        ("frame that was not annotated", "frames that were not annotated"),
        f"Blender has described {'it' if len(known.only_described) == 1 else 'them'}, and there is no record: a run "
        f"has failed or was stopped there. {_frames(known.only_described)}.",
        "Export again, which makes only what is missing, or remove their files from the folder scenes.",
    )
    yield from _finding(
        "contradicts",
        Level.BAD,
        known.contradictions,
        ("contradiction in the dataset as a whole", "contradictions in the dataset as a whole"),
        _sentences(known.contradictions),
    )


def _finding(
    key: str, level: Level, found: Sequence[str], one_and_many: tuple[str, str], why: str, way_out: str = ""
) -> Iterator[Finding]:
    """The finding on all of one kind, if there are any."""
    if found:
        text = one_and_many[0] if len(found) == 1 else one_and_many[1]
        yield dataset_finding(key, level, text, why, way_out, len(found))


def _frames(names: Sequence[str]) -> str:
    return listed_frames(names[:_MOST_FRAMES]) + (", ..." if len(names) > _MOST_FRAMES else "")


def _sentences(sentences: Sequence[str]) -> str:
    """The first of some sentences, each as one, and how many more there are."""
    more = f" And {len(sentences) - _MOST_SENTENCES} more." if len(sentences) > _MOST_SENTENCES else ""
    return " ".join(f"{one.rstrip('.')}." for one in sentences[:_MOST_SENTENCES]) + more
