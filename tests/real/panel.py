"""The tab Labelpass of a window as tests see it: its buttons by what they do, what is behind it, where things are."""

EXPORT, STOP = "labelpass.export_annotations", "labelpass.stop"
SET_UP, ASSIGN = "labelpass.set_up_passes", "labelpass.assign_indices"
BY_CATEGORY, BY_INSTANCE = (f"labelpass.preview_labels(by='{by}')" for by in ("category", "instance"))

# What a test asks, as Python.
SCENE = "bpy.context.scene"
TABLE = f"{SCENE}.labelpass.table"
STATE = "bpy.context.window_manager.labelpass"
LINES = f"[line.name for line in {STATE}.lines]"
WRONG = f"[item.name for item in {STATE}.findings if item.status == 'wrong']"

# More than an export can do before it is stopped, on any machine.
MANY_FRAMES = 20_000

# In pixels of the screen, from the middle of a button down to that of a panel's header.
EXPORT_TO_PASSES = 37
ASSIGN_TO_OBJECTS = 58
# The same between the headers of closed panels.
HEADER = 26
# How far across the sidebar the narrow buttons next to a list are.
BESIDE_LISTS = 0.82
