"""Write docs/api.md, the page on what `import labelpass` offers, from its docstrings: python tools/api_page.py

Only the source is read, with ast, so what is written does not depend on versions of numpy. A test says whether the page
is up to date.
"""

import ast
import inspect
import re
import sys
import textwrap
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[1]
PAGE = CHECKOUT / "docs/api.md"
LONGEST_LINE = 118

# All public names, in the order of the page.
SECTIONS: Mapping[str, str] = {
    "Passes of a frame": "read_passes FramePasses",
    "Reading a dataset": "open Dataset Splits Frames Frame Region SeenInstance SeenPart IgnoredRegion",
    "What records say": "FrameRecord Instance Part Mask SoftMask Amodal Pose Keypoint Camera RandomDraw Category Box "
    "WrittenMap SurfaceMap read_record_file",
    "Making a dataset": "find_frames FrameFiles Pass FrameJob annotate merge Merged validate Report Exported",
    "Settings": "Settings LabelSource Grouping Instancing Ignored Parts AtBorder ImageFormat ImageFrom DenseMap "
    "DatasetFormat ExportFormat SplitBy Media",
    "Errors": "LabelpassError UsageError InputError ExrError PassError NoSuchPass SceneError RecordError CategoryError "
    "OutputError WorkerError Cancelled",
}
# Those whose members another page describes.
ELSEWHERE = {
    "Settings": "The fields are the options of the [command line](command-line.md), under the same names.",
    "DenseMap": "The members are the [dense maps](maps.md) in capital letters, such as `DenseMap.DEPTH_PNG`.",
    "ExportFormat": "The members are the [formats for training](exports.md) in capital letters.",
    "DatasetFormat": "The members are the [formats](formats.md#dataset-formats) in capital letters.",
}
# Those whose methods and properties are for Labelpass itself, but for the ones that are named.
FOR_USERS: Mapping[str, tuple[str, ...]] = {
    "FrameRecord": ("path",),
    "FrameFiles": ("path",),
    "FrameJob": (),
    "Pass": (),
    "Box": (),
    "Category": (),
    "SurfaceMap": (),
    "Report": ("lines",),
    "Splits": ("names", "of"),
}
HEAD = """# What `import labelpass` offers

<!-- Written by tools/api_page.py from the docstrings: change those, and run it again. -->

[In Python](python.md) shows how these work together. In array shapes, H and W are the height and width of the image in
pixels, and N is any number. The [glossary](glossary.md) explains the words.
"""

_HEADINGS = ("Args", "Returns", "Raises")
# What sends a reader of the source to another module.
_SOURCE_FILE = re.compile(r" \(see \w+\.py[^)]*\)|,? see \w+\.py")
Function = ast.FunctionDef


@dataclass(frozen=True)
class Module:
    """A module of the source."""

    path: Path

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.path.read_text(encoding="utf-8"))

    def definition(self, name: str) -> ast.ClassDef | Function:
        """A class or function of the module; of an overloaded function the one that does it."""
        found = [node for node in self.tree.body if isinstance(node, ast.ClassDef | Function) and node.name == name]
        return found[-1]

    @cached_property
    def aliases(self) -> Mapping[str, ast.expr]:
        """The names of types that the module makes up, such as Array = npt.NDArray[Any]."""
        return {
            node.targets[0].id: node.value
            for node in self.tree.body
            if isinstance(node, ast.Assign)
            and isinstance(node.targets[0], ast.Name)
            and isinstance(node.value, ast.Subscript | ast.BinOp)
            and node.targets[0].id[0].isupper()
        }

    def type_of(self, annotation: ast.expr | None) -> str:
        """An annotation as a reader knows it."""
        if annotation is None:
            return ""
        copied = ast.parse(ast.unparse(annotation), mode="eval")
        text = ast.unparse(_Spelled(self.aliases).visit(copied))
        return text.removeprefix("'").removesuffix("'")


class _Spelled(ast.NodeTransformer):
    """Puts types into the place of names for them."""

    def __init__(self, aliases: Mapping[str, ast.expr]) -> None:
        self._aliases = aliases

    def visit_Name(self, node: ast.Name) -> ast.expr:
        if node.id in self._aliases:
            return self.visit(ast.parse(ast.unparse(self._aliases[node.id]), mode="eval").body)
        return node


def public_modules() -> dict[str, Module]:
    """Public name -> the module that has it, as the package's own __init__ says."""
    for node in ast.parse((CHECKOUT / "__init__.py").read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "_MODULES":
            found: dict[str, str] = ast.literal_eval(node.value)
            places = {name: CHECKOUT / place[1:].replace(".", "/") for name, place in found.items() if "." in place[1:]}
            return {name: Module(place.with_suffix(".py")) for name, place in places.items()}
    raise ValueError("__init__.py has no _MODULES")


def page() -> str:
    """The whole page; ValueError where a public name is missing in SECTIONS, or is there twice."""
    modules = public_modules()
    named = [name for names in SECTIONS.values() for name in names.split()]
    if sorted(named) != sorted(modules):
        differ = sorted(set(named) ^ set(modules)) or "repetitions"
        raise ValueError(f"SECTIONS and the public names differ by {differ}")
    blocks = [HEAD]
    for title, names in SECTIONS.items():
        blocks.append(f"## {title}\n")
        blocks += [block for name in names.split() for block in _described(name, modules[name], set(modules))]
    return "\n".join(blocks)


def _described(name: str, module: Module, public: set[str]) -> Iterator[str]:
    node = module.definition(name)
    if isinstance(node, Function):
        yield from _function(f"labelpass.{name}", node, module, level=3)
        return
    yield f"### `{name}`\n"
    text, sections = _parsed(ast.get_docstring(node) or "")
    bases = [base for base in map(ast.unparse, node.bases) if base in public or base == "KeyError"]
    inherits = f" A kind of {' and of '.join(f'`{base}`' for base in bases)}." if bases else ""
    if name in SECTIONS["Errors"].split():
        yield _wrapped(text.partition("\n\n")[0] + inherits) + "\n"
        return
    yield _paragraphs(f"{text}{inherits}") + "\n"
    if name in ELSEWHERE:
        yield _wrapped(ELSEWHERE[name]) + "\n"
    elif any(ast.unparse(base) == "Choice" for base in node.bases):
        yield "\n".join(_choices(node)) + "\n"
    else:
        own = [base for base in module.tree.body if isinstance(base, ast.ClassDef) and base.name not in public]
        inherited = [base for base in own if base.name in map(ast.unparse, node.bases)]
        texts = [_parsed(ast.get_docstring(base) or "")[1] for base in inherited]
        attributes = [entry for one in (*texts, sections) for entry in one.get("Attributes", [])]
        yield from _members(name, node, module, attributes)


def _members(name: str, node: ast.ClassDef, module: Module, attributes: Iterable[str]) -> Iterator[str]:
    functions = [one for one in _public_functions(node) if one.name in FOR_USERS.get(name, (one.name,))]
    lines = [_item(_with_code(entry)) for entry in attributes]
    for one in filter(_is_property, functions):
        first, sections = _parsed(ast.get_docstring(one) or "")
        raises = " ".join(f"Raises {_with_code(line)}" for line in sections.get("Raises", []))
        lines.append(_item(f"`{one.name}`: `{module.type_of(one.returns)}`. {first} {raises}"))
    if lines:
        yield "**Attributes**\n\n" + "\n".join(lines) + "\n"
    for one in functions:
        if not _is_property(one):
            yield from _function(f"{name}.{one.name}", one, module, level=4)


def _public_functions(node: ast.ClassDef) -> Iterator[Function]:
    for member in node.body:
        if isinstance(member, Function) and ast.get_docstring(member):
            is_public = not member.name.startswith("_") or member.name == "__getitem__"
            if is_public and member.name not in ("as_json", "from_json"):
                yield member


def _choices(node: ast.ClassDef) -> Iterator[str]:
    """The members of an enum of choices: name, and help text."""
    for member in node.body:
        if isinstance(member, ast.Assign) and isinstance(member.value, ast.Tuple):
            values = [one.value for one in member.value.elts if isinstance(one, ast.Constant)]
            yield _item(f"`{ast.unparse(member.targets[0])}`: {values[-1]}.")


def _is_property(function: Function) -> bool:
    return any("property" in ast.unparse(one) for one in function.decorator_list)


def _function(title: str, function: Function, module: Module, level: int) -> Iterator[str]:
    arguments = ast.parse(ast.unparse(function)).body[0]
    assert isinstance(arguments, Function)
    given = arguments.args
    for one in (*given.posonlyargs, *given.args, *given.kwonlyargs):
        annotation = module.type_of(one.annotation)
        one.annotation = ast.parse(annotation, mode="eval").body if annotation else None
    if given.args and given.args[0].arg == "self":
        del given.args[0]
    shown = title.rpartition(".")[2]
    if function.name == "__getitem__":
        title, shown = title.replace(".__getitem__", "[...]"), ""
    returns = module.type_of(function.returns)
    yield f"{'#' * level} `{title}`\n"
    yield "```\n" + _signature(shown, given, f" -> {returns}" if returns and returns != "None" else "") + "\n```\n"
    yield from _docstring(ast.get_docstring(function) or "")


def _signature(name: str, given: ast.arguments, returns: str) -> str:
    """On one line if it fits, else an argument to a line."""
    defaults = [*[None] * (len(given.args) - len(given.defaults)), *given.defaults, *given.kw_defaults]
    shown = [_argument(*pair) for pair in zip((*given.args, *given.kwonlyargs), defaults, strict=True)]
    if given.kwonlyargs:
        shown.insert(len(given.args), "*")
    if not name:
        return f"[{', '.join(shown)}]{returns}"
    short = f"{name}({', '.join(shown)}){returns}"
    if len(short) <= LONGEST_LINE:
        return short
    return "\n".join([f"{name}(", *(f"    {one}," for one in shown), f"){returns}"])


def _argument(one: ast.arg, default: ast.expr | None) -> str:
    """With its default, where that says something."""
    if default is None:
        return ast.unparse(one)
    says_nothing = isinstance(default, ast.Lambda) or ast.unparse(default).startswith("_")
    return f"{ast.unparse(one)} = {'...' if says_nothing else ast.unparse(default)}"


def _docstring(text: str) -> Iterator[str]:
    first, sections = _parsed(text)
    yield _paragraphs(first) + "\n"
    for heading in _HEADINGS:
        if heading not in sections:
            continue
        entries = sections[heading]
        title = "Arguments" if heading == "Args" else heading
        if heading == "Returns":
            yield _wrapped(f"**{title}** {' '.join(entries)}") + "\n"
            continue
        yield f"**{title}**\n\n" + "\n".join(_item(_with_code(entry)) for entry in entries) + "\n"


def _with_code(entry: str) -> str:
    """An entry of a section, its names as code."""
    names, colon, text = entry.partition(":")
    return ", ".join(f"`{name.strip()}`" for name in names.split(",")) + colon + text


def _parsed(text: str) -> tuple[str, dict[str, list[str]]]:
    """What a docstring says first, and heading -> the entries of its sections, each on one line."""
    first: list[str] = []
    sections: dict[str, list[str]] = {}
    current: list[str] | None = None
    free = False
    for line in inspect.cleandoc(_SOURCE_FILE.sub("", text)).splitlines():
        heading = line.removesuffix(":")
        if line.endswith(":") and heading in (*_HEADINGS, "Attributes"):
            current, free = sections.setdefault(heading, []), heading == "Returns"
        elif current is None or (line and not line.startswith(" ")):
            current = None
            first.append(line)
        elif line.strip():
            starts = line.startswith("    ") and not line.startswith("     ") and not free
            if starts or not current:
                current.append(line.strip())
            else:
                current[-1] += f" {line.strip()}"
    return "\n".join(first).strip(), sections


def _paragraphs(text: str) -> str:
    """Paragraphs and lists anew in lines of the page; what is indented stays as it is."""
    blocks = []
    for block in re.split(r"\n\s*\n", text):
        if block.startswith("    "):
            blocks.append(f"```\n{textwrap.dedent(block)}\n```")
        elif re.match(r"- ", block):
            entries = re.split(r"\n(?=- )", block)
            blocks.append("\n".join(_item(" ".join(entry.removeprefix("- ").split())) for entry in entries))
        else:
            blocks.append(_wrapped(block))
    return "\n\n".join(blocks)


def _item(text: str) -> str:
    return _wrapped(text, "- ", "  ")


def _wrapped(text: str, first: str = "", others: str = "") -> str:
    fill = textwrap.TextWrapper(LONGEST_LINE, first, others, break_long_words=False, break_on_hyphens=False)
    return fill.fill(" ".join(text.split()))


def main(arguments: Iterable[str]) -> int:
    text = page()
    if "--check" in arguments:
        return 0 if PAGE.is_file() and PAGE.read_text(encoding="utf-8") == text else 1
    PAGE.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
