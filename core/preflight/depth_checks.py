"""Lines of the checklist on what the Depth pass is for: pictures, keypoints, and copies that share a label."""

from collections.abc import Iterator

from ..categories.namesakes import WAYS_OUT
from ..settings.render_pass import Pass
from ..settings.settings import Instancing, Settings
from .finding import Finding, Fix, Status, Subject
from .needed_passes import (
    namesakes,
    pass_for_copies,
    shared_copies,
)
from .render_setup import RenderSetup, ViewLayerSetup


def check_copies(setup: RenderSetup, settings: Settings, layer: ViewLayerSetup) -> Iterator[Finding]:
    failing = list(_check_namesakes(setup, settings, layer))
    yield from failing
    name = shared_copies(setup, settings, layer)
    if not name or failing:
        return
    alike = f"The copies of {name!r} share a label, and those that touch will be one instance"
    wanted = pass_for_copies(layer)
    if setup.has_ray_depth:
        yield Finding(
            Status.NOTE,
            Subject.COPIES,
            "Share a label",
            f"{alike}, since nothing separates them with a {setup.camera_type} camera",
        )
    elif setup.motion_blur:
        yield Finding(
            Status.WRONG,
            Subject.COPIES,
            "Motion Blur on",
            f"{alike}: with Motion Blur no depth separates them; turn it off",
        )
    elif wanted is Pass.POSITION:
        yield Finding(Status.GOOD, Subject.COPIES, "By Position", f"Position separates the copies of {name!r}")
    else:
        yield check_depth(setup, layer, Subject.COPIES, f"Depth separates the copies of {name!r}", alike, Status.WRONG)


def _check_namesakes(setup: RenderSetup, settings: Settings, layer: ViewLayerSetup) -> Iterator[Finding]:
    """Whether frames will fail for objects of one name."""
    clash = namesakes(setup, settings, layer)
    if not clash:
        return
    bad = f"{clash}, and frames that show them fail"
    ways_out = WAYS_OUT.format(index=Pass.OBJECT_INDEX.title)
    if settings.instancing is not Instancing.AUTO:
        yield Finding(
            Status.WRONG, Subject.COPIES, "Tell Apart off", f"{bad}, since Tell Apart is off; turn it on, or {ways_out}"
        )
    elif setup.has_ray_depth:
        yield Finding(
            Status.WRONG,
            Subject.COPIES,
            "Same name",
            f"{bad}, since nothing separates them with a {setup.camera_type} camera; {ways_out}",
        )
    elif setup.motion_blur:
        yield Finding(
            Status.WRONG,
            Subject.COPIES,
            "Motion Blur on",
            f"{bad}: with Motion Blur no depth separates them; turn it off, or {ways_out}",
        )
    elif pass_for_copies(layer) not in layer.passes:
        yield check_depth(setup, layer, Subject.COPIES, "", bad, Status.WRONG)


def check_depth(
    setup: RenderSetup, layer: ViewLayerSetup, subject: Subject, good: str, bad: str, status: Status = Status.NOTE
) -> Finding:
    """What the Depth pass is good for, or what is missing without it."""
    if Pass.DEPTH in layer.passes:
        return Finding(Status.GOOD, subject, "On" if subject is Subject.DEPTH else "By Depth", good)
    if setup.can_render(Pass.DEPTH):
        return Finding(
            status,
            subject,
            "Off" if subject is Subject.DEPTH else "Depth off",
            f"{bad}: the Depth pass (Z) is off in the view layer {layer.name!r}",
            Fix.DEPTH,
        )
    return Finding(
        status,
        subject,
        f"Not in {setup.engine}",
        f"{bad}: {setup.engine} has no Depth pass; render with Cycles or EEVEE",
    )
