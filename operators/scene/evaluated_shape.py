"""The points of what Blender renders of an object: its evaluated geometry, modifiers included."""

import bpy
import numpy as np
import numpy.typing as npt

Points = npt.NDArray[np.float64]

# Blender lists the mesh of such an object next to it, as an instance of the object that is of the type MESH.
LISTED_AS_MESH = frozenset({"CURVE", "SURFACE", "META", "FONT"})


def evaluated_points(ob: bpy.types.Object) -> Points:
    """(N, 3) points of an evaluated object in its own coordinates; none where it leaves nothing in a render.

    Args:
        ob: as `depsgraph.object_instances` lists it.

    Returns:
        Of volumes and grease pencil, which have no points that Python could see, the corners of the bounding box.
    """
    if ob.type == "MESH":
        return coordinates(ob.data.vertices, "co").astype(np.float64)
    if ob.type in LISTED_AS_MESH or ob.data is None:
        return np.zeros((0, 3))
    attributes = getattr(ob.data, "attributes", None)
    if attributes is not None and "position" in attributes:
        return coordinates(attributes["position"].data, "vector").astype(np.float64)
    return np.array([tuple(corner) for corner in ob.bound_box])


def radii(ob: bpy.types.Object) -> Points:
    """(N,) how far the points of an evaluated object reach around themselves, in its own coordinates.

    Only hair curves and point clouds have such points: spheres, and discs along a strand. Those without a radius of
    their own are too thin to count.
    """
    attributes = ob.data.attributes if ob.type in ("CURVES", "POINTCLOUD") and ob.data else ()
    if "radius" not in attributes or attributes["radius"].domain != "POINT":
        return np.zeros(1)
    radius = attributes["radius"].data
    values = np.empty(len(radius), np.float32)
    radius.foreach_get("value", values)
    return values.astype(np.float64)


def coordinates(items: bpy.types.bpy_prop_collection, name: str) -> npt.NDArray[np.float32]:
    """(N, 3): a property of three numbers of many things, such as the place of vertices."""
    values = np.empty(3 * len(items), np.float32)
    items.foreach_get(name, values)
    return values.reshape(-1, 3)
