"""Words that many sentences need."""

from collections.abc import Sequence


def counted(number: int, noun: str) -> str:
    """A number with its noun: "1 frame", "2 categories", "3 boxes"."""
    if number == 1:
        return f"1 {noun}"
    if noun.endswith("y"):
        return f"{number} {noun[:-1]}ies"
    return f"{number} {noun}{'es' if noun.endswith('x') else 's'}"


def listed(names: Sequence[str]) -> str:
    """Names as a person says them: "a, b and c"."""
    return " and ".join(part for part in (", ".join(names[:-1]), *names[-1:]) if part)


# The way out where something is not known that only Blender knows.
GET_SCENE_RECORDS = "export with Labelpass in Blender, or give the folder of its scene records with --scene"
