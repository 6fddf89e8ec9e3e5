"""The buttons that select objects by what they will be in the dataset."""

from collections.abc import Callable

import bpy
from bpy.props import BoolProperty, StringProperty

from ...core.base.errors import LabelpassError
from ...core.base.phrases import counted
from .labelled_objects import LabelledObject, label_objects


class SelectsObjects:
    """An operator that selects labelled objects: what such operators have in common."""

    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if context.mode != "OBJECT":
            cls.poll_message_set("Objects can be selected in Object Mode only")
            return False
        return True

    def select(
        self, context: bpy.types.Context, wanted: Callable[[LabelledObject], bool], none: str, extend: bool = False
    ) -> set[str]:
        """Select the objects of the scene that are wanted, and make the first by name the active one.

        Args:
            context: of the operator.
            wanted: which objects.
            none: what to say where there are none.
            extend: keep what is selected now.
        """
        layer = context.view_layer
        try:
            found = [one.object for one in label_objects(context.scene)[0] if wanted(one)]
        except LabelpassError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        if not found:
            self.report({"WARNING"}, none)
            return {"CANCELLED"}
        if not extend:
            for ob in layer.objects:
                ob.select_set(False)
        here = set(layer.objects)
        for ob in found:
            if ob in here:
                ob.select_set(True)
        selected = [ob for ob in found if ob in here and ob.select_get()]
        if selected:
            layer.objects.active = selected[0]
        hidden = len(found) - len(selected)
        left_out = f"; {counted(hidden, 'object')} cannot be selected here" if hidden else ""
        self.report({"INFO"}, f"{counted(len(selected), 'object')} selected{left_out}")
        return {"FINISHED"}


class LABELPASS_OT_select_category(SelectsObjects, bpy.types.Operator):
    """Select the objects of the category"""

    bl_idname = "labelpass.select_category"
    bl_label = "Select Objects"

    category: StringProperty(name="Category", description="Name of the category", options={"SKIP_SAVE"})

    def execute(self, context: bpy.types.Context) -> set[str]:
        none = f"The scene has no object of the category {self.category!r}"
        return self.select(context, lambda one: one.category == self.category, none)


class LABELPASS_OT_select_instance(SelectsObjects, bpy.types.Operator):
    """Select all objects that are parts of this instance"""

    bl_idname = "labelpass.select_instance"
    bl_label = "Select Instance"

    instance: StringProperty(name="Instance", description="Name of the instance", options={"SKIP_SAVE"})
    category: StringProperty(name="Category", description="Name of its category", options={"SKIP_SAVE"})

    @classmethod
    def description(cls, context: bpy.types.Context, properties: bpy.types.OperatorProperties) -> str:
        return "Select all objects that are parts of this instance" if properties.instance else "Background"

    def execute(self, context: bpy.types.Context) -> set[str]:
        wanted = self.instance, self.category
        none = f"The scene has no instance {self.instance!r}"
        return self.select(context, lambda one: (one.instance, one.category) == wanted, none)


class LABELPASS_OT_select_labelled_object(SelectsObjects, bpy.types.Operator):
    """Select this object; hold Shift to add it to the selection"""

    bl_idname = "labelpass.select_labelled_object"
    bl_label = "Select Object"

    object: StringProperty(name="Object", description="Name of the object", options={"SKIP_SAVE"})
    extend: BoolProperty(name="Extend", description="Keep what is selected now", options={"SKIP_SAVE"})

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        self.extend = event.shift
        return self.execute(context)

    def execute(self, context: bpy.types.Context) -> set[str]:
        none = f"The scene has no object {self.object!r} that leaves pixels"
        return self.select(context, lambda one: one.object.name_full == self.object, none, self.extend)


class LABELPASS_OT_select_background(SelectsObjects, bpy.types.Operator):
    """Select the objects that leave pixels and have no category, so that they will be background"""

    bl_idname = "labelpass.select_background"
    bl_label = "Select Background"

    def execute(self, context: bpy.types.Context) -> set[str]:
        return self.select(context, lambda one: one.category is None, "Every object that leaves pixels has a category")


register, unregister = bpy.utils.register_classes_factory(
    (
        LABELPASS_OT_select_category,
        LABELPASS_OT_select_instance,
        LABELPASS_OT_select_labelled_object,
        LABELPASS_OT_select_background,
    )
)
