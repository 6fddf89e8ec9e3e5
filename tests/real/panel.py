"""The tab Labelpass of a window as tests see it: its buttons by what they do, what is behind it, where things are."""

RENDER, EXPORT, STOP = "labelpass.render_and_export", "labelpass.export_annotations", "labelpass.stop"
SET_UP, EDIT_CATEGORIES = "labelpass.set_up_passes", "labelpass.categories_from_scene"
BY_CATEGORY, BY_INSTANCE = (f"labelpass.preview_labels(by='{by}')" for by in ("category", "instance"))

# What a test asks, as Python.
SCENE = "bpy.context.scene"
TABLE = f"{SCENE}.labelpass.table"
STATE = "bpy.context.window_manager.labelpass"
SHOWN = f"{STATE}.scenes[{SCENE}.name_full]"
LINES = f"[line.name for line in {STATE}.lines]"
WRONG = f"[item.name for item in {SHOWN}.findings if item.status == 'wrong']"

# For pictures: the folder of a user, since that of a test says nothing.
SHOW_A_FOLDER = f"[setattr({SCENE}.labelpass, 'output', '/home/ana/fruit/labels'), sidebar().tag_redraw()]"
SHOW_THE_FOLDER = f"setattr({SCENE}.labelpass, 'output', '')"

# More than an export can do before it is stopped, on any machine.
MANY_FRAMES = 20_000

# In pixels of the screen, from the middle of a button down to that of a panel's header.
EDIT_CATEGORIES_TO_OBJECTS = 33
# The same between the headers of closed panels.
HEADER = 26
# How far across the sidebar the buttons are that show the objects' colors, and those in the rows of a list.
OWN, CATEGORY, INSTANCE = 0.2, 0.45, 0.7
IN_ROWS = 0.79
# How far across the sidebar the narrow buttons next to a list are.
BESIDE_LISTS = 0.82
