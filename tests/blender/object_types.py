"""One scene for each kind of thing that Blender can show, to find out what of it gets a label.

`render_all` leaves in a folder what tests/object_types.py judges: frames/, scenes/ and facts.json. It works in the bpy
module and in real Blender, which has to have the extension as the module `labelpass`.

In each scene a thing stands before a backdrop whose every pixel has another colour and which shines by itself, as the
other thing does. So they look the same whatever is there, and where the picture differs from that of the backdrop
alone, there the thing is seen.
"""

import importlib
import json
import math
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import bmesh
import bpy

WIDTH, HEIGHT = 64, 48
NAME, INDEX = "Thing", 7
BACKDROP = "backdrop"
_UPRIGHT = (math.pi / 2, 0, 0)
_GREASE_PENCIL_3 = bpy.app.version >= (4, 3, 0)


@dataclass(frozen=True)
class Case:
    """A kind of thing.

    Attributes:
        build: puts one into a scene.
        named: what sentences on it call it.
        background: whether it is said to be none of the things to label.
        since: the first Blender that has it.
    """

    build: Callable[[bpy.types.Scene], object]
    named: str = NAME
    background: bool = False
    since: tuple[int, int] = (4, 2)


def cases() -> dict[str, Case]:
    """By their titles in docs/object-types.md, those that this Blender has."""
    return {title: case for title, case in CASES.items() if case.since <= bpy.app.version[:2]}


def render_all(folder: Path, engine: str, titles: Iterable[str], samples: int = 4) -> None:
    """Render the scenes of some titles, and that of the backdrop alone."""
    chosen = {BACKDROP: Case(lambda scene: None), **{title: cases()[title] for title in titles}}
    facts = {}
    for title, case in chosen.items():
        scene = _fresh_scene(engine, samples)
        case.build(scene)
        name = "".join(letter if letter.isalnum() else "-" for letter in title.lower())
        lines = _render(scene, folder, name)
        facts[name] = {"lines": lines, "named": case.named, "background": case.background}
    (folder / "facts.json").write_text(json.dumps(facts), encoding="utf-8")


def _render(scene: bpy.types.Scene, folder: Path, name: str) -> dict[str, list[str]]:
    """Render a scene and describe it as an export does; returns the lines of its checklist by label pass."""
    extension = next(name for name in ("labelpass", "bl_ext.user_default.labelpass") if name in sys.modules)
    labelled = importlib.import_module(f"{extension}.operators.labelling.labelled_objects")
    panel = importlib.import_module(f"{extension}.operators.preflight.panel_data")
    description = importlib.import_module(f"{extension}.operators.scene.scene_description")

    scene.render.filepath = str(folder / "frames" / f"{name}_####")
    bpy.context.view_layer.update()
    lines = {}
    for labels in ("object_index", "crypto_object"):
        scene.labelpass.labels = labels
        lines[labels] = [found.text for found in panel.findings_of(scene, labelled.read_labelled_objects(scene).facts)]
    bpy.ops.render.render(animation=True)
    record = folder / "scenes" / f"{name}_0001.json"
    record.parent.mkdir(parents=True, exist_ok=True)
    depsgraph = bpy.context.evaluated_depsgraph_get()
    description.describe(scene, depsgraph, scene.labelpass.core_settings()).write(record)
    return lines


def _fresh_scene(engine: str, samples: int) -> bpy.types.Scene:
    bpy.data.batch_remove([one for kind in _MADE_HERE for one in getattr(bpy.data, kind, ())])
    scene, render = bpy.context.scene, bpy.context.scene.render
    render.engine, render.resolution_x, render.resolution_y = engine, WIDTH, HEIGHT
    render.use_freestyle, render.film_transparent, scene.world = False, False, None
    if bpy.app.version >= (5, 0, 0):
        render.image_settings.media_type = "MULTI_LAYER_IMAGE"
    render.image_settings.file_format = "OPEN_EXR_MULTILAYER"
    scene.frame_start = scene.frame_end = 1
    scene.view_settings.view_transform = "Standard"
    if engine == "CYCLES":
        scene.cycles.device, scene.cycles.samples, scene.cycles.use_denoising = "CPU", samples, False
    else:
        scene.eevee.taa_render_samples = samples
        render.hair_type = "STRIP"  # as wide as hair is in Cycles, and not a line
    layer = scene.view_layers[0]
    layer.use_pass_object_index = layer.use_pass_cryptomatte_object = layer.use_pass_z = True
    camera = _add(scene, "Camera", bpy.data.cameras.new("Camera"))
    camera.location, camera.rotation_euler = (0, -6, 0), _UPRIGHT
    scene.camera = camera
    sun = _add(scene, "Sun", bpy.data.lights.new("Sun", "SUN"))
    sun.rotation_euler, sun.data.energy = (0.9, 0.2, 0), 3
    backdrop = _add(scene, "Backdrop", _plane(14, _colours_by_place()))
    backdrop.location, backdrop.rotation_euler, backdrop["category_id"] = (0, 8, 0), _UPRIGHT, 0
    other = _add(scene, "Other", _ball(0.3, _material("Emission", Color=(0, 0.3, 0.8, 1))))
    other.location, other.pass_index = (-1.8, 0, -1.2), 3
    return scene


# Kinds of data that the scenes are made of, in any Blender.
_MADE_HERE = ("objects", "meshes", "curves", "metaballs", "hair_curves", "pointclouds", "volumes", "grease_pencils")
_MADE_HERE += ("lattices", "armatures", "cameras", "lights", "lightprobes", "speakers", "particles", "collections")
_MADE_HERE += ("materials", "node_groups", "linestyles", "worlds")


def _add(
    scene: bpy.types.Scene, name: str, data: bpy.types.ID | None, collection: bpy.types.Collection | None = None
) -> bpy.types.Object:
    ob = bpy.data.objects.new(name, data)
    (collection or scene.collection).objects.link(ob)
    return ob


def _add_thing(
    scene: bpy.types.Scene, data: bpy.types.ID | None, collection: bpy.types.Collection | None = None
) -> bpy.types.Object:
    return _as_thing(_add(scene, NAME, data, collection))


def _as_thing(ob: bpy.types.Object) -> bpy.types.Object:
    ob.name, ob.pass_index, ob["category"] = NAME, INDEX, "thing"
    return ob


def _made(scene: bpy.types.Scene, add: Callable[[], object]) -> bpy.types.Object:
    """What an operator adds, as the thing."""
    before = set(bpy.data.objects)
    add()
    (ob,) = set(bpy.data.objects) - before
    return _as_thing(ob)


def _mesh_of(shapes: bmesh.types.BMesh, material: bpy.types.Material | None) -> bpy.types.Mesh:
    mesh = bpy.data.meshes.new("Shape")
    shapes.to_mesh(mesh)
    shapes.free()
    if material:
        mesh.materials.append(material)
    return mesh


def _ball(radius: float = 1.0, material: bpy.types.Material | None = None) -> bpy.types.Mesh:
    shapes = bmesh.new()
    bmesh.ops.create_uvsphere(shapes, u_segments=24, v_segments=12, radius=radius)
    return _mesh_of(shapes, material)


def _plane(size: float, material: bpy.types.Material | None = None) -> bpy.types.Mesh:
    shapes = bmesh.new()
    bmesh.ops.create_grid(shapes, x_segments=1, y_segments=1, size=size)
    return _mesh_of(shapes, material)


def _empty_material() -> tuple[bpy.types.Material, bpy.types.Nodes, bpy.types.NodeLinks, bpy.types.Node]:
    """A material, its nodes and links, and its output, to which nothing is linked."""
    material = bpy.data.materials.new("Material")
    material.use_nodes = True
    nodes = material.node_tree.nodes
    nodes.clear()
    return material, nodes, material.node_tree.links, nodes.new("ShaderNodeOutputMaterial")


def _material(shader: str, socket: str = "Surface", **values: object) -> bpy.types.Material:
    """A single shader."""
    material, nodes, links, output = _empty_material()
    node = nodes.new(f"ShaderNode{shader}")
    for name, value in values.items():
        node.inputs[name].default_value = value
    links.new(node.outputs[0], output.inputs[socket])
    return material


def _mixed(opacity: float | None) -> bpy.types.Material:
    """A shining shader with so much opacity; None for that of a round leaf on a square."""
    material, nodes, links, output = _empty_material()
    clear, shine, mix = (nodes.new(f"ShaderNode{kind}") for kind in ("BsdfTransparent", "Emission", "MixShader"))
    shine.inputs["Color"].default_value = (1, 0, 0, 1)
    if opacity is None:
        texture = nodes.new("ShaderNodeTexImage")
        texture.image = bpy.data.images.new("Leaf", 16, 16, alpha=True)
        inside = [(x - 7.5) ** 2 + (y - 7.5) ** 2 < 36 for y in range(16) for x in range(16)]
        texture.image.pixels[:] = [value for one in inside for value in (1.0, 0.0, 0.0, float(one))]
        texture.image.pack()
        place = nodes.new("ShaderNodeTexCoord")
        links.new(place.outputs["Generated"], texture.inputs["Vector"])
        links.new(texture.outputs["Alpha"], mix.inputs[0])
    else:
        mix.inputs[0].default_value = opacity
    links.new(clear.outputs[0], mix.inputs[1])
    links.new(shine.outputs[0], mix.inputs[2])
    links.new(mix.outputs[0], output.inputs["Surface"])
    return material


def _colours_by_place() -> bpy.types.Material:
    material, nodes, links, output = _empty_material()
    shine, place, scale = (nodes.new(f"ShaderNode{kind}") for kind in ("Emission", "NewGeometry", "VectorMath"))
    scale.operation = "MULTIPLY_ADD"
    scale.inputs[1].default_value, scale.inputs[2].default_value = (0.05, 0, 0.05), (0.4, 0.3, 0.4)
    links.new(place.outputs["Position"], scale.inputs[0])
    links.new(scale.outputs[0], shine.inputs["Color"])
    links.new(shine.outputs[0], output.inputs["Surface"])
    return material


def _of_shader(shader: str, socket: str = "Surface", **values: object) -> Callable[[bpy.types.Scene], object]:
    return lambda scene: _add_thing(scene, _ball(1.0, _material(shader, socket, **values)))


def _of_opacity(opacity: float) -> Callable[[bpy.types.Scene], object]:
    return lambda scene: _add_thing(scene, _ball(1.3, _mixed(opacity)))


def _mesh(scene: bpy.types.Scene) -> bpy.types.Object:
    return _add_thing(scene, _ball())


def _switched(**switches: object) -> Callable[[bpy.types.Scene], object]:
    """A ball with some properties."""

    def build(scene: bpy.types.Scene) -> None:
        ob = _mesh(scene)
        for name, value in switches.items():
            setattr(ob, name, value)

    return build


def _of_data(make: Callable[[], bpy.types.ID | None]) -> Callable[[bpy.types.Scene], object]:
    return lambda scene: _add_thing(scene, make())


def _curve(scene: bpy.types.Scene, bevel: float = 0.2) -> bpy.types.Object:
    data = bpy.data.curves.new(NAME, "CURVE")
    data.dimensions, data.bevel_depth = "3D", bevel
    spline = data.splines.new("BEZIER")
    spline.bezier_points.add(1)
    for point, x in zip(spline.bezier_points, (-1.5, 1.5), strict=True):
        point.co, point.handle_left, point.handle_right = (x, 0, 0), (x - 0.5, 0, 0.5), (x + 0.5, 0, 0.5)
    return _add_thing(scene, data)


def _line(scene: bpy.types.Scene) -> bpy.types.Object:
    return _curve(scene, 0)


def _filled(scene: bpy.types.Scene) -> None:
    ob = _curve(scene, 0)
    ob.data.dimensions, ob.data.fill_mode, ob.rotation_euler = "2D", "BOTH", _UPRIGHT
    ob.data.splines[0].use_cyclic_u = True
    for point, y in zip(ob.data.splines[0].bezier_points, (-1, 1), strict=True):
        point.handle_left, point.handle_right = (point.co.x, y, 0), (point.co.x, -y, 0)


def _surface(scene: bpy.types.Scene) -> None:
    _made(scene, bpy.ops.surface.primitive_nurbs_surface_sphere_add)


def _text(scene: bpy.types.Scene) -> None:
    data = bpy.data.curves.new(NAME, "FONT")
    data.body, data.align_x, data.size, data.offset = "Abc", "CENTER", 2, 0.05
    _add_thing(scene, data).rotation_euler = _UPRIGHT


def _metaball(scene: bpy.types.Scene) -> None:
    data = bpy.data.metaballs.new(NAME)
    data.elements.new().radius = 2
    data.resolution = data.render_resolution = 0.3
    _add_thing(scene, data)


def _hair(scene: bpy.types.Scene) -> bpy.types.Object:
    data = bpy.data.hair_curves.new(NAME)
    data.add_curves([4] * 20)
    points = [(-1.5 + 3 * i / 19, 0, -1 + 2 * k / 3) for i in range(20) for k in range(4)]
    data.attributes["position"].data.foreach_set("vector", [value for point in points for value in point])
    radius = data.attributes.get("radius") or data.attributes.new("radius", "FLOAT", "POINT")
    radius.data.foreach_set("value", [0.08] * 80)
    return _add_thing(scene, data)


def _particle_hair(scene: bpy.types.Scene) -> None:
    ob = _add_thing(scene, _ball(0.7))
    ob.modifiers.new("Hair", "PARTICLE_SYSTEM")
    settings = ob.particle_systems[0].settings
    settings.type, settings.count, settings.hair_length = "HAIR", 60, 0.6
    settings.root_radius, settings.tip_radius, settings.radius_scale = 1, 0.8, 0.1


def _with_nodes(
    build: Callable[[bpy.types.Scene], object], *chain: str, **values: object
) -> Callable[[bpy.types.Scene], None]:
    """A thing with geometry nodes one after the other; `values` are those of their inputs."""

    def built(scene: bpy.types.Scene) -> None:
        build(scene)
        tree, last, end = _node_tree()
        for kind in chain:
            node = tree.nodes.new(f"GeometryNode{kind}")
            for name in values.keys() & set(node.inputs.keys()):
                node.inputs[name].default_value = values[name]
            tree.links.new(last, node.inputs[0])
            if kind == "CurveToMesh":
                circle = tree.nodes.new("GeometryNodeCurvePrimitiveCircle")
                circle.inputs["Radius"].default_value = 0.15 if bpy.app.version >= (4, 5, 0) else 2.0
                tree.links.new(circle.outputs[0], node.inputs[1])
            if kind == "SetMaterial":
                node.inputs["Material"].default_value = _smoke()
            last = node.outputs[0]
        tree.links.new(last, end)
        scene.objects[NAME].modifiers.new("Nodes", "NODES").node_group = tree

    return built


def _node_tree() -> tuple[bpy.types.NodeTree, bpy.types.NodeSocket, bpy.types.NodeSocket]:
    """A node tree, and where its geometry comes in and goes out."""
    tree = bpy.data.node_groups.new("Nodes", "GeometryNodeTree")
    for direction in ("INPUT", "OUTPUT"):
        tree.interface.new_socket("Geometry", in_out=direction, socket_type="NodeSocketGeometry")
    return tree, tree.nodes.new("NodeGroupInput").outputs[0], tree.nodes.new("NodeGroupOutput").inputs[0]


def _brought_by_nodes(build: Callable[[bpy.types.Scene], object]) -> Callable[[bpy.types.Scene], None]:
    """A mesh whose nodes bring in another object, which is hidden itself."""

    def built(scene: bpy.types.Scene) -> None:
        build(scene)
        source = scene.objects[NAME]
        source.name, source.hide_render = "Source", True
        host = _add_thing(scene, _plane(0.2))
        tree, _, end = _node_tree()
        info = tree.nodes.new("GeometryNodeObjectInfo")
        info.inputs["Object"].default_value = source
        tree.links.new(info.outputs["Geometry"], end)
        host.modifiers.new("Nodes", "NODES").node_group = tree

    return built


def _instanced(build: Callable[[bpy.types.Scene], object], away: float = 500) -> Callable[[bpy.types.Scene], None]:
    """A thing in a collection that an empty instances; in view there, and so far away where it is itself."""

    def built(scene: bpy.types.Scene) -> None:
        build(scene)
        ob, collection = scene.objects[NAME], bpy.data.collections.new("Collection")
        scene.collection.objects.unlink(ob)
        collection.objects.link(ob)
        ob.location.x += away
        empty = _add(scene, "Empty", None)
        empty.instance_type, empty.instance_collection, empty.location.x = "COLLECTION", collection, -away

    return built


def _smoke() -> bpy.types.Material:
    return _material("VolumePrincipled", "Volume", Density=5.0)


def _volume(scene: bpy.types.Scene) -> None:
    source = _add(scene, "Source", _ball())
    source.hide_render = True
    ob = _add_thing(scene, bpy.data.volumes.new(NAME))
    modifier = ob.modifiers.new("Volume", "MESH_TO_VOLUME")
    modifier.object, modifier.density = source, 3.0
    ob.data.materials.append(_smoke())


def _half_volume(scene: bpy.types.Scene) -> None:
    ob = _add_thing(scene, _ball(1.0, _smoke()))
    ob.data.materials.append(_material("Emission"))
    for face in ob.data.polygons:
        face.material_index = int(face.center.x > 0)


def _grease_pencil(scene: bpy.types.Scene, kind: str = "MONKEY") -> bpy.types.Object:
    add = bpy.ops.object.grease_pencil_add if _GREASE_PENCIL_3 else bpy.ops.object.gpencil_add
    return _made(scene, lambda: add(type=kind))


def _line_art(scene: bpy.types.Scene) -> None:
    _add(scene, "Source", _ball())["category_id"] = 0
    _grease_pencil(scene, "LINEART_OBJECT")


def _leaf(scene: bpy.types.Scene) -> None:
    _add_thing(scene, _plane(1.3, _mixed(None))).rotation_euler = _UPRIGHT


def _blended(scene: bpy.types.Scene) -> None:
    material = _material("Emission", Color=(1, 0, 0, 1))
    material.surface_render_method = "BLENDED"
    _add_thing(scene, _ball(1.0, material))


def _behind(shader: str, place: tuple[float, float, float], **values: object) -> Callable[[bpy.types.Scene], None]:
    """A thing at a place, and a pane or mirror before the backdrop."""

    def built(scene: bpy.types.Scene) -> None:
        _mesh(scene).location = place
        pane = _add(scene, "Glass", _plane(1.2, _material(shader, Roughness=0.0, **values)))
        pane.rotation_euler, pane.location, pane.pass_index = _UPRIGHT, (0, -1.5, 0), 9

    return built


def _displaced(scene: bpy.types.Scene) -> None:
    material, nodes, links, output = _empty_material()
    push, shine = nodes.new("ShaderNodeDisplacement"), nodes.new("ShaderNodeEmission")
    push.inputs["Height"].default_value, push.inputs["Midlevel"].default_value = 0.5, 0
    links.new(shine.outputs[0], output.inputs["Surface"])
    links.new(push.outputs[0], output.inputs["Displacement"])
    material.displacement_method = "DISPLACEMENT"
    _add_thing(scene, _ball(0.5, material))


def _light(kind: str, seen: bool = True) -> Callable[[bpy.types.Scene], None]:
    def built(scene: bpy.types.Scene) -> None:
        data = bpy.data.lights.new(NAME, kind)
        data.energy = 500
        if kind == "AREA":
            data.size = 2
        else:
            data.shadow_soft_size = 0.8
        ob = _add_thing(scene, data)
        ob.rotation_euler, ob.visible_camera = (-math.pi / 2, math.pi, 0), seen

    return built


def _empty_image(scene: bpy.types.Scene) -> None:
    ob = _add_thing(scene, None)
    ob.empty_display_type, ob.data = "IMAGE", bpy.data.images.new("Image", 16, 16)
    ob.rotation_euler, ob.empty_display_size = _UPRIGHT, 3


def _camera_background(scene: bpy.types.Scene) -> None:
    scene.camera.data.show_background_images = True
    background = scene.camera.data.background_images.new()
    background.image, background.display_depth = bpy.data.images.new("Image", 16, 16), "FRONT"


def _armature(scene: bpy.types.Scene) -> None:
    _made(scene, bpy.ops.object.armature_add)


def _edges(scene: bpy.types.Scene) -> None:
    mesh = bpy.data.meshes.new(NAME)
    mesh.from_pydata([(-1, 0, 0), (1, 0, 0), (0, 0, 1)], [(0, 1), (1, 2)], [])
    _add_thing(scene, mesh)


def _freestyle(scene: bpy.types.Scene) -> None:
    layer = scene.view_layers[0]
    scene.render.use_freestyle = layer.use_freestyle = True
    lines = layer.freestyle_settings.linesets
    (lines[0] if lines else lines.new("Lines")).linestyle = bpy.data.linestyles.new("Style")
    lines[0].linestyle.thickness = 5
    _add_thing(scene, _ball(0.7))


CASES = {
    "mesh": Case(_mesh),
    "mesh of loose edges": Case(_edges),
    "curve with a bevel": Case(_curve),
    "curve without a bevel": Case(_line),
    "filled 2D curve": Case(_filled),
    "surface": Case(_surface),
    "text": Case(_text),
    "metaball": Case(_metaball),
    "hair curves": Case(_hair),
    "particle hair": Case(_particle_hair),
    "point cloud": Case(_with_nodes(_mesh, "MeshToPoints", Radius=0.12)),
    "instance of a collection": Case(_instanced(_mesh)),
    "mesh that nodes make of hair curves": Case(_with_nodes(_hair, "CurveToMesh")),
    "points that nodes make of a curve": Case(_with_nodes(_line, "CurveToPoints", Radius=0.4)),
    "curves of nodes without Curve to Mesh": Case(_with_nodes(_mesh, "MeshToCurve")),
    "mesh that nodes make of a volume": Case(_with_nodes(_volume, "VolumeToMesh")),
    "mesh that nodes make of Grease Pencil": Case(
        _with_nodes(_grease_pencil, "GreasePencilToCurves", "RealizeInstances", "CurveToMesh"), since=(4, 5)
    ),
    "volume": Case(_volume),
    "volume in an instanced collection": Case(_instanced(_volume, away=0)),  # its modifier would leave it behind
    "volume that nodes make of a mesh": Case(_with_nodes(_mesh, "MeshToVolume", "SetMaterial", Density=3.0)),
    "volume that nodes bring in": Case(_brought_by_nodes(_volume)),
    "mesh with a volume shader alone": Case(_of_shader("VolumePrincipled", "Volume", Density=2.0)),
    "mesh with a volume shader on a half of it": Case(_half_volume),
    "Grease Pencil": Case(_grease_pencil),
    "Grease Pencil in an instanced collection": Case(_instanced(_grease_pencil)),
    "Grease Pencil that nodes bring in": Case(_brought_by_nodes(_grease_pencil), since=(4, 3)),
    "Line Art": Case(_line_art),
    "Freestyle lines": Case(_freestyle, named="ViewLayer"),
    "glass": Case(_of_shader("BsdfGlass", Roughness=0.0)),
    "behind glass": Case(_behind("BsdfGlass", (0, 1, 0), IOR=1.01)),
    "in a mirror": Case(_behind("BsdfGlossy", (0, -9, 0))),
    "Emission shader": Case(_of_shader("Emission", Color=(1, 0, 0, 1))),
    "Holdout shader": Case(_of_shader("Holdout")),
    "Transparent shader": Case(_of_shader("BsdfTransparent", Color=(0.3, 0.6, 1, 1))),
    "Transparent shader in white": Case(_of_shader("BsdfTransparent", Color=(1, 1, 1, 1))),
    "three quarters transparent": Case(_of_opacity(0.25)),
    "texture with alpha": Case(_leaf),
    "material with the Render Method Blended": Case(_blended),
    "displacement": Case(_displaced),
    "holdout": Case(_switched(is_holdout=True), background=True),
    "shadow catcher": Case(_switched(is_shadow_catcher=True), background=True),
    "Ray Visibility without Camera": Case(_switched(visible_camera=False)),
    "Display As: Wire": Case(_switched(display_type="WIRE")),
    "area light that the camera sees": Case(_light("AREA")),
    "point light that the camera sees": Case(_light("POINT")),
    "spot light that the camera sees": Case(_light("SPOT")),
    "light as Blender adds it": Case(_light("AREA", seen=False)),
    "light probe": Case(_of_data(lambda: bpy.data.lightprobes.new(NAME, "SPHERE"))),
    "empty with an image": Case(_empty_image),
    "background image of the camera": Case(_camera_background),
    "camera": Case(_of_data(lambda: bpy.data.cameras.new(NAME))),
    "armature": Case(_armature),
    "lattice": Case(_of_data(lambda: bpy.data.lattices.new(NAME))),
    "speaker": Case(_of_data(lambda: bpy.data.speakers.new(NAME))),
}
