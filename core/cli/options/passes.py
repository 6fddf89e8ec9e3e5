"""The options of `labelpass passes`."""

from ..arguments import Commands, add_frames, add_pass_names
from ..setting_options import examples


def add(commands: Commands) -> None:
    passes = commands.add_parser(
        "passes",
        help="List what is in EXR files: view layers, stereo views, passes",
        description="Lists the view layers, stereo views, passes and Cryptomattes of EXR files.",
        epilog=examples(["labelpass passes renders/0001.exr"]),
    )
    add_frames(passes)
    add_pass_names(passes)
