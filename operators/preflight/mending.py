"""The buttons of the red line besides Set Up Passes: a camera, and a place for the frames; and what a line says."""

import math

import bpy
from bpy.props import StringProperty
from mathutils import Vector

_BESIDE = "//render/"
_NAME = "frame_####"
# As Blender's own new camera looks.
_FROM_ABOVE = (math.radians(63.6), 0.0, math.radians(46.7))


class LABELPASS_OT_explain(bpy.types.Operator):
    """What this line of the checklist means"""

    bl_idname = "labelpass.explain"
    bl_label = "Explain"
    bl_options = {"INTERNAL"}

    text: StringProperty(name="Text", description="What to say", options={"SKIP_SAVE"})

    @classmethod
    def description(cls, context: bpy.types.Context, properties: bpy.types.OperatorProperties) -> str:
        return str(properties.text)

    def execute(self, context: bpy.types.Context) -> set[str]:
        self.report({"INFO"}, self.text)
        return {"FINISHED"}


class LABELPASS_OT_write_beside(bpy.types.Operator):
    """Make the output of this scene a folder beside the .blend file: //render/"""

    bl_idname = "labelpass.write_beside"
    bl_label = "Write Beside .blend"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if not bpy.data.filepath:
            cls.poll_message_set("The file has no place yet; save it first")
            return False
        return True

    def execute(self, context: bpy.types.Context) -> set[str]:
        context.scene.render.filepath = f"{_BESIDE}{_NAME}"
        self.report({"INFO"}, f"Output is {bpy.path.abspath(_BESIDE)}")
        return {"FINISHED"}


class LABELPASS_OT_add_camera(bpy.types.Operator):
    """Make a camera of this scene the active one; where it has none, add one that sees what the 3D Viewport shows"""

    bl_idname = "labelpass.add_camera"
    bl_label = "Add Camera"
    bl_options = {"REGISTER", "UNDO"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        scene = context.scene
        found = next((ob for ob in sorted(scene.objects, key=lambda ob: ob.name_full) if ob.type == "CAMERA"), None)
        if found is None:
            found = bpy.data.objects.new("Camera", bpy.data.cameras.new("Camera"))
            scene.collection.objects.link(found)
            _show_like_viewport(context, found)
        scene.camera = found
        self.report({"INFO"}, f"The active camera is {found.name}")
        return {"FINISHED"}


def _show_like_viewport(context: bpy.types.Context, camera: bpy.types.Object) -> None:
    """Put a camera where the user looks from; where no 3D Viewport is open, all of the scene is in view."""
    areas = context.screen.areas if context.screen else ()
    space = next((area.spaces.active for area in areas if area.type == "VIEW_3D"), None)
    if space is not None:
        camera.matrix_world = space.region_3d.view_matrix.inverted()
        camera.data.lens = space.lens
        return
    corners = [
        coordinate
        for ob in context.scene.objects
        if ob.type == "MESH"
        for corner in ob.bound_box
        for coordinate in ob.matrix_world @ Vector(corner)
    ]
    camera.rotation_euler = _FROM_ABOVE
    context.view_layer.update()
    if corners:
        camera.location, _ = camera.camera_fit_coords(context.evaluated_depsgraph_get(), corners)


register, unregister = bpy.utils.register_classes_factory(
    (LABELPASS_OT_explain, LABELPASS_OT_write_beside, LABELPASS_OT_add_camera)
)
