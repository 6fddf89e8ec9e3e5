"""The choices of core as the items of Blender's enumerations."""

from ..core.base.choice import Choice


def enum_items(choices: type[Choice]) -> list[tuple[str, str, str]]:
    """Value, label and help of each choice, in their order."""
    return [(choice.value, choice.label, choice.help) for choice in choices]
