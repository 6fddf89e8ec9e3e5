"""The names of render passes, and which file holds which."""

import re
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from ..base.json_fields import JsonRow


class Pass(Enum):
    """A render pass; the value is its name in Labelpass's files and options."""

    COMBINED = "combined"
    DEPTH = "depth"
    OBJECT_INDEX = "object_index"
    MATERIAL_INDEX = "material_index"
    NORMAL = "normal"
    POSITION = "position"
    VECTOR = "vector"
    UV = "uv"
    CRYPTO_OBJECT = "crypto_object"
    CRYPTO_MATERIAL = "crypto_material"
    CRYPTO_ASSET = "crypto_asset"

    @property
    def names(self) -> tuple[str, ...]:
        """What the Blender versions call the pass in a file, the oldest name first."""
        return _NAMES[self]

    @property
    def components(self) -> str:
        """The letters of its channels, in their order."""
        return _COMPONENTS.get(self, "RGBA")

    @property
    def title(self) -> str:
        """What Blender's interface calls the pass."""
        if self is Pass.UV:
            return "UV"
        return str(self.value).replace("_", " ").title().replace("Crypto ", "Cryptomatte ")

    @classmethod
    def named(cls, name: str) -> "Pass | None":
        """The pass that a channel, a folder or a File Output slot of this name holds."""
        return _BY_NAME.get(_simplified(name))


def plain_spelling(name: str) -> str:
    """A name as programs write it that allow letters, digits and underscores only, as Nuke does."""
    return re.sub(r"\W", "_", name)


def _simplified(name: str) -> str:
    return re.sub(r"[\s_.-]", "", name).lower()


_NAMES = {
    Pass.COMBINED: ("Combined", "Image"),
    Pass.DEPTH: ("Depth", "Z"),
    Pass.OBJECT_INDEX: ("IndexOB", "Object Index", "Index"),
    Pass.MATERIAL_INDEX: ("IndexMA", "Material Index"),
    Pass.NORMAL: ("Normal",),
    Pass.POSITION: ("Position",),
    Pass.VECTOR: ("Vector",),
    Pass.UV: ("UV",),
    Pass.CRYPTO_OBJECT: ("CryptoObject",),
    Pass.CRYPTO_MATERIAL: ("CryptoMaterial",),
    Pass.CRYPTO_ASSET: ("CryptoAsset",),
}
_COMPONENTS = {
    Pass.DEPTH: "Z",
    Pass.OBJECT_INDEX: "X",
    Pass.MATERIAL_INDEX: "X",
    Pass.NORMAL: "XYZ",
    Pass.POSITION: "XYZ",
    Pass.VECTOR: "XYZW",
    Pass.UV: "UVA",
}
# The passes that separate objects; the Cryptomattes in the order in which the automatic choice prefers them.
INDEX_PASSES = (Pass.OBJECT_INDEX, Pass.MATERIAL_INDEX)
CRYPTOMATTES = (Pass.CRYPTO_OBJECT, Pass.CRYPTO_ASSET, Pass.CRYPTO_MATERIAL)
LABEL_PASSES = (*INDEX_PASSES, *CRYPTOMATTES)

_BY_NAME = {_simplified(name): pass_ for pass_ in Pass for name in (*pass_.names, pass_.value)}


@dataclass(frozen=True)
class PassName(JsonRow):
    """What the user says of a name that Labelpass does not know: which pass a layer, part, file or folder holds."""

    name: str
    pass_: Pass


@dataclass(frozen=True)
class PassFile(JsonRow):
    """An EXR file of a frame.

    Attributes:
        path: the file.
        holds: the pass of a file whose channels have no pass name, as a File Output node writes them.
    """

    path: Path
    holds: Pass | None = None
