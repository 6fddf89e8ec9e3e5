"""The label image: one uint32 for each pixel, whichever pass it was rendered into."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from ..base.errors import PassError
from ..exr.cryptomatte import Coverages, name_of, read_manifest, strongest
from ..exr.passes import Passes
from ..frames.sidecar import Sidecar
from ..masks.runs import LabelArray
from ..settings.render_pass import INDEX_PASSES, Pass
from ..settings.settings import LabelSource

# From here on the number formats skip integers, so a value may have been another one.
_EXACT_BELOW = {np.dtype(np.float16): 1 << 11, np.dtype(np.float32): 1 << 24}
_TOLERANCE = 1e-3
# Few enough for the processor's cache.
_ROWS_AT_ONCE = 64


@dataclass(frozen=True)
class LabelImage:
    """What stands in each pixel.

    Attributes:
        labels: (H, W) uint32, 0 = background. Pass indices, or Cryptomatte ids.
        source: where they come from; never AUTO.
        manifest: label -> name, for Cryptomatte only.
        cryptomatte: name of the Cryptomatte in the files, "" where the labels are pass indices.
        strength: (H, W) float32, how much of the pixel the label covers; None where the labels are pass indices.
        coverages: how much every label covers; None if not asked for, and always where they are pass indices.
        sidecars: the file of the manifest, if it is not in the header.
        notes: sentences on what the user should know.
        faint: as in Strongest; none where the labels are pass indices.
    """

    labels: LabelArray
    source: LabelSource
    manifest: dict[int, str]
    cryptomatte: str = ""
    strength: npt.NDArray[np.float32] | None = None
    coverages: Coverages | None = None
    sidecars: tuple[Sidecar, ...] = ()
    notes: tuple[str, ...] = ()
    faint: tuple[int, ...] = ()

    @cached_property
    def is_index(self) -> bool:
        """Whether the labels are pass indices."""
        return self.source.pass_ in INDEX_PASSES

    def name_of(self, label: int) -> str:
        """The name that the files give to a label."""
        if self.is_index:
            return f"index_{label}"
        return name_of(label, self.manifest)


def read_labels(
    passes: Passes,
    source: LabelSource,
    indexed: bool = False,
    cryptomatte: str = "",
    keep_coverages: bool = False,
    blurred: bool = False,
) -> LabelImage:
    """Make the label image of a frame.

    Args:
        passes: those of the frame.
        source: the pass to take; AUTO takes Object Index where it has any value, otherwise Cryptomatte.
        indexed: whether objects are known to have pass indices; then AUTO stays with Object Index in a frame that
            shows none of them, and does not make instances of the background there.
        cryptomatte: name of the Cryptomatte to take, where the source does not exclude one; "" leaves the choice to
            `source`.
        keep_coverages: whether coverages are wanted, which only Cryptomatte has: AUTO takes no index then.
        blurred: whether objects are known to be, so that several share a pixel: AUTO takes no index then where there is
            a Cryptomatte.

    Raises:
        PassError: the pass is missing, its values are not labels, or AUTO finds no coverages to keep.
        ExrError: its pixels are missing or damaged.
    """
    if source is not LabelSource.AUTO:
        return _read(passes, source.pass_, cryptomatte, keep_coverages)
    if cryptomatte:
        return _read_cryptomatte(passes, None, cryptomatte, keep_coverages)
    others = passes.cryptomatte_passes()
    if keep_coverages and not others:
        raise PassError(
            f"{passes.where} has no Cryptomatte, which soft masks need; it has {passes.listing()}. In Blender turn on "
            "View Layer Properties > Passes > Cryptomatte > Object and render again, or turn Soft Masks off"
        )
    if Pass.OBJECT_INDEX in passes and not keep_coverages and not (blurred and others):
        image = _read(passes, Pass.OBJECT_INDEX)
        if indexed or image.labels.any() or not others:
            return image
    if others:
        return _read(passes, others[0], keep_coverages=keep_coverages)
    if Pass.MATERIAL_INDEX in passes:
        return _read(passes, Pass.MATERIAL_INDEX)
    raise PassError(
        f"{passes.where} has no pass that separates objects; it has {passes.listing()}. In Blender turn on View "
        "Layer Properties > Passes > Cryptomatte > Object (or in Cycles Data > Indexes > Object Index) and render again"
        + passes.hint(Pass.OBJECT_INDEX)
    )


def _read(passes: Passes, pass_: Pass, cryptomatte: str = "", keep_coverages: bool = False) -> LabelImage:
    if pass_ not in INDEX_PASSES:
        return _read_cryptomatte(passes, pass_, cryptomatte, keep_coverages)
    values = passes.read(pass_)
    try:
        return LabelImage(labels_from_index(values), LabelSource.of(pass_), {})
    except PassError as error:
        raise PassError(f"{passes.where}, pass {pass_.title}: {error}") from error


def _read_cryptomatte(passes: Passes, pass_: Pass | None, name: str, keep_coverages: bool) -> LabelImage:
    matte = passes.cryptomatte(pass_, name)
    found = strongest(matte.ranks(), passes.shape, keep_coverages)
    written = matte.manifest
    try:
        manifest = read_manifest(written.text) if written.text else {}
    except PassError as error:
        raise PassError(f"{passes.where}: {error}") from error
    return LabelImage(
        found.id,
        LabelSource.of(matte.pass_),
        manifest,
        matte.name,
        found.coverage,
        found.coverages,
        (written.sidecar,) if written.sidecar else (),
        (written.note,) if written.note else (),
        found.faint,
    )


def labels_from_index(values: npt.NDArray[np.generic]) -> LabelArray:
    """Pass indices as labels.

    Args:
        values: (H, W) uint32, float32 or float16 of an index pass.

    Returns:
        (H, W) uint32.

    Raises:
        PassError: a value is not an index: not finite, negative, not an integer within 1e-3, or so large that its
            number format begins to skip integers.
    """
    if values.dtype == np.uint32:
        return values.astype(np.uint32, copy=False)
    exact = _EXACT_BELOW[values.dtype]
    whole = np.empty(values.shape, dtype=np.int32)
    # A negative number, seen as unsigned, is far beyond what is exact.
    labels = whole.view(np.uint32)
    for top in range(0, len(values), _ROWS_AT_ONCE):
        rows = slice(top, top + _ROWS_AT_ONCE)
        with np.errstate(invalid="ignore"):
            np.copyto(whole[rows], values[rows], casting="unsafe")
        if labels[rows].max(initial=0) >= exact or not np.array_equal(whole[rows].astype(values.dtype), values[rows]):
            return _rounded(values, exact)
    return labels


def _rounded(values: npt.NDArray[np.generic], exact: int) -> LabelArray:
    """labels_from_index for values that are not whole numbers below `exact`: nearly whole ones, or an error."""
    lowest, highest = values.min(initial=0), values.max(initial=0)
    if not (np.isfinite(lowest) and np.isfinite(highest)):
        raise PassError("it holds values that are not numbers; render the frame again")
    if lowest < -_TOLERANCE:
        raise PassError(
            f"it holds the negative index {lowest:g}, but a pass index is 0 or more; render the frame again"
        )
    if highest >= exact:
        raise PassError(
            f"it holds the index {highest:.0f}, but {values.dtype} is exact only below {exact}; "
            "write the EXR with 32 bit (Full) colour depth"
        )
    rounded = np.rint(values)
    if not np.array_equal(rounded, values):
        wrong = np.abs(rounded - values) > _TOLERANCE
        if wrong.any():
            row, column = np.argwhere(wrong)[0].tolist()
            raise PassError(
                f"{np.count_nonzero(wrong)} pixels do not hold a whole number, first in column {column}, row {row}: "
                f"{values[row, column]:g}; the pass was filtered or scaled, so export it without a filter, compositor "
                "node or lossy codec"
            )
    return rounded.astype(np.uint32)
