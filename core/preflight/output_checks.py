"""Lines of the checklist on the files of a render: what they hold, and where they go."""

from collections.abc import Iterator, Sequence

from ..settings.render_pass import CRYPTOMATTES, Pass
from ..settings.settings import Settings
from .finding import Finding, Fix, Mend, Status, Subject, stopper
from .needed_passes import (
    label_pass,
    needed_passes,
    part_pass,
)
from .render_setup import ExrOutput, RenderSetup, ViewLayerSetup

# Of Blender's codecs those that change the bits of a float, the one that always does so first (see exr_file.py).
_LOSSY_CODECS = ("PXR24", "DWAA", "DWAB")


def check_outputs(setup: RenderSetup, settings: Settings, layer: ViewLayerSetup) -> Iterator[Finding]:
    if not setup.outputs:
        yield stopper(
            Subject.OUTPUT,
            setup.file_format,
            f"The output is {setup.file_format}, which holds no passes; it has to be OpenEXR MultiLayer",
            Fix.OUTPUT,
        )
        return
    needed = [pass_ for pass_ in needed_passes(setup, settings, layer) if pass_ in layer.passes]
    missing = [pass_ for pass_ in needed if not _written(setup.outputs, pass_)]
    if missing:
        names = " and ".join(pass_.title for pass_ in missing)
        yield stopper(
            Subject.OUTPUT,
            "Passes missing",
            f"The File Output nodes do not write {names}; connect them, or make the output OpenEXR MultiLayer",
            Fix.OUTPUT,
        )
    else:
        yield Finding(Status.GOOD, Subject.OUTPUT, "EXR with passes", f"Passes go to {_described(setup.outputs)}")
    parts = part_pass(setup, settings, layer)
    for labels in dict.fromkeys([label_pass(setup, settings, layer), *([parts] if parts else [])]):
        yield from _check_codec(setup.outputs, labels)
    if not setup.can_store:
        yield stopper(
            Subject.OUTPUT,
            "Not interleaved",
            "This Blender cannot write one part for each pass if pixels are not square; turn on Interleave in the "
            "output properties, or make the aspect 1:1",
            Fix.INTERLEAVE,
        )


def check_folder(setup: RenderSetup) -> Iterator[Finding]:
    if not setup.folder:
        yield stopper(
            Subject.OUTPUT,
            "File not saved",
            "The output path is relative to a .blend file that is not saved; save it first",
            other_mend=Mend.SAVE_FILE,
        )
    elif setup.folder_is_default and setup.is_saved:
        yield stopper(
            Subject.OUTPUT,
            "Temporary folder",
            f"Frames go to the temporary folder {setup.folder}, which gets emptied and which all scenes share; choose "
            "another output folder",
            other_mend=Mend.WRITE_BESIDE,
        )
    elif setup.folder_is_default:
        yield stopper(
            Subject.OUTPUT,
            "Temporary folder",
            f"Frames go to the temporary folder {setup.folder}, which gets emptied; save the .blend, so that they have "
            "a place beside it",
            other_mend=Mend.SAVE_FILE,
        )


def _check_codec(outputs: Sequence[ExrOutput], labels: Pass) -> Iterator[Finding]:
    if labels not in CRYPTOMATTES:
        return
    for output in outputs:
        if output.passes is not None and labels not in output.passes:
            continue
        where = f"The File Output node {output.name!r}" if output.name else "The output"
        # The scene's own output names the channels of a Cryptomatte in lower case, which DWAA and DWAB leave alone.
        lossy = _LOSSY_CODECS if output.name else _LOSSY_CODECS[:1]
        if output.codec in lossy or output.half:
            what = "in 16 bit" if output.half else f"with the lossy codec {output.codec}"
            yield stopper(
                Subject.OUTPUT,
                "Lossy",
                f"{where} stores Cryptomatte {what}, which destroys the ids; choose 32 bit and ZIP",
                Fix.CODEC,
            )


def _written(outputs: Sequence[ExrOutput], pass_: Pass) -> bool:
    return any(output.passes is None or pass_ in output.passes for output in outputs)


def _described(outputs: Sequence[ExrOutput]) -> str:
    if not outputs[0].name:
        return "OpenEXR MultiLayer files"
    names = ", ".join(repr(output.name) for output in outputs)
    return f"the File Output {'node' if len(outputs) == 1 else 'nodes'} {names}"
