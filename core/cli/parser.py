"""The parser of `labelpass`: its commands, which core/cli/options describes, and the words that they use."""

from ..base.version import VERSION
from ..run.exit_codes import ExitCode
from .options import annotate, combine, export, merge, pack, passes, plan, report, show, stats, validate
from .setting_options import OneSentenceParser


def make_parser() -> OneSentenceParser:
    parser = OneSentenceParser(
        prog="labelpass",
        usage="labelpass COMMAND ...",
        description="Turns the render passes in Blender's EXR files into training data for computer vision.",
        epilog=_words() + "\n\n" + _exit_codes(),
    )
    parser.add_argument("--version", action="version", version=f"labelpass {VERSION}", help="Show the version")
    commands = parser.add_subparsers(
        prog="labelpass",
        title="commands, in the order in which they are used",
        description="labelpass COMMAND --help explains a command",
        required=True,
        dest="command",
        metavar="COMMAND",
    )
    for command in (passes, plan, annotate, pack, merge, validate, export, combine, stats, report, show):
        command.add(commands)
    return parser


def _words() -> str:
    return """words:
  pass          one of the images in an EXR file: colours, depth, which object each pixel shows
  pass index    whole number that you give to an object in Blender; the pass Object Index holds it
  Cryptomatte   passes that separate objects (or materials) by their names, with how much of a pixel each covers
  instance      one thing with a mask and a box in the dataset: an object, or several that belong together
  view layer    the passes of one render of the scene; a file may hold several
  record        JSON file with all that is known of a frame; dataset formats are written from records
  scene record  JSON file with what Blender knew of a frame: names, categories, camera, shapes;
                Labelpass writes them in Blender, and without them less is known
  sequence      frames that belong together like those of a video, named after their folder
  plan          file that says what machines have to do alike which make one dataset together
  shard         share of one machine: 3/10 is the third of ten"""


def _exit_codes() -> str:
    lines = [f"  {code.value:<4}{code.meaning}" for code in ExitCode]
    return "\n".join(["exit codes:", *lines])
