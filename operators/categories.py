"""The button Select Objects below the list of categories."""

import bpy

from ..core.errors import LabelpassError
from ..core.run import counted
from .labelled_objects import objects_of_category


class LABELPASS_OT_select_category(bpy.types.Operator):
    """Select the objects of the category"""

    bl_idname = "labelpass.select_category"
    bl_label = "Select Objects"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if context.mode != "OBJECT":
            cls.poll_message_set("Objects can be selected in Object Mode only")
            return False
        return True

    category: bpy.props.StringProperty(name="Category", description="Name of the category", options={"SKIP_SAVE"})

    def execute(self, context: bpy.types.Context) -> set[str]:
        layer = context.view_layer
        try:
            found = set(objects_of_category(context.scene, self.category))
        except LabelpassError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        if not found:
            self.report({"WARNING"}, f"The scene has no object of the category {self.category!r}")
            return {"CANCELLED"}
        for ob in layer.objects:
            ob.select_set(ob in found)
        selected = [ob for ob in found if ob.name in layer.objects and ob.select_get()]
        if selected:
            layer.objects.active = min(selected, key=lambda ob: ob.name)
        hidden = len(found) - len(selected)
        left_out = f"; {counted(hidden, 'object')} cannot be selected here" if hidden else ""
        self.report({"INFO"}, f"{counted(len(selected), 'object')} selected{left_out}")
        return {"FINISHED"}


register, unregister = bpy.utils.register_classes_factory((LABELPASS_OT_select_category,))
