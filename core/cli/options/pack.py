"""The options of `labelpass pack`."""

from ..arguments import Commands, add_folder
from ..setting_options import examples


def add(commands: Commands) -> None:
    pack = commands.add_parser(
        "pack",
        usage="labelpass pack DIR [options]",
        help="Keep the records of 1000 frames in one file, for datasets of many frames",
        description=(
            "Moves records from a file for each frame into packs: one file for the frames 0 to 999 of a sequence, one\n"
            "for 1000 to 1999 and so on. All commands read both, and a merge of packs takes a tenth of the time. Pack\n"
            "again when frames were added or annotated anew. It may be stopped, and run while frames are annotated."
        ),
        epilog=examples(["labelpass pack dataset", "labelpass pack dataset --shard 3/10"]),
    )
    add_folder(pack)
    pack.add_argument(
        "--shard",
        default="1/1",
        metavar="I/N",
        help="Only this share of the packs, for several machines at once: 3/10 is the third of ten",
    )
    pack.add_argument("--unpack", action="store_true", help="The way back: a file for each frame again, and no packs")
