"""The checklist of a render before its first frame, for those who cannot see the panel."""

import dataclasses
from collections.abc import Sequence

import bpy

from ...core.preflight.checklist import check
from ...core.preflight.finding import Finding
from ...core.settings.settings import Settings
from ..export.export_plan import sequences_of
from ..labelling.labelled_objects import read_labelled_objects
from .render_setup import read_render_setup


def check_before_render(scene: bpy.types.Scene, frames: Sequence[int], settings: Settings) -> list[Finding]:
    """The lines of the checklist for all that is labelled of a scene.

    What it has to label may come only later, or be gone in the end. So a line that stops must do so at the first, the
    middle and the last frame; these are looked at until it does not. The scene stands at the first frame afterwards.

    Args:
        scene: the original scene, with the output that the render will have.
        frames: numbers of the frames to render, at least one.
        settings: the user's choices.
    """
    findings: list[Finding] = []
    try:
        for frame in dict.fromkeys((frames[0], frames[len(frames) // 2], frames[-1])):
            scene.frame_set(frame)
            findings = _check(scene, settings)
            if not any(finding.stops for finding in findings):
                break
    finally:
        scene.frame_set(frames[0])
    return findings


def _check(scene: bpy.types.Scene, settings: Settings) -> list[Finding]:
    setup = read_render_setup(scene, read_labelled_objects(scene, as_rendered=True).facts)
    layers = dict.fromkeys(sequence.view_layer for sequence in sequences_of(scene, settings))
    found = [finding for layer in layers for finding in check(setup, _of_layer(settings, layer), from_files=True)]
    return list(dict.fromkeys(found))


def _of_layer(settings: Settings, layer: str) -> Settings:
    return dataclasses.replace(settings, view_layer=layer)
