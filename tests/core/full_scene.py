"""A scene record that has a value in every place, and the size of a frame that fits it."""

from core.scene.compositing import Compositing
from core.scene.keypoints import SceneKeypoint
from core.scene.scene_record import Facts, SceneEntry
from core.scene.unlabelled import Unlabelled, WithoutLabel
from core.settings.category_table import Category
from tests.builders import CUBE, entries_of, pinhole, placed_cube, plain_camera, plain_scene

WIDTH, HEIGHT = 32, 24
PLATE = Category("plate", 3, "thing", "#102030", keypoints=("right", "left"), skeleton=((1, 2),))
FACTS = Facts(category="plate", category_id=3, collections=("Coll",), materials=("m",), tags=("t",), instancer="I")
HIDDEN = Facts(unlabelled=Unlabelled.VOLUME, unlabelled_part=True, beyond_shape="displacement")
SCENE = plain_scene(
    width=WIDTH,
    height=HEIGHT,
    unit_scale=0.5,
    camera=plain_camera(k=pinhole(50.0, 16.0, 12.0)),
    objects=entries_of(
        SceneEntry("Plate", 1, "plate", "", "Coll", "12", "property", False, FACTS),
        SceneEntry("Other", 2, "b", "Plate", "Coll", "", "unknown", False, HIDDEN),
        categories=[PLATE, Category("b")],
    ),
    parents=entries_of(SceneEntry("Plate", 0, "plate")),
    table=(PLATE,),
    keypoints=(SceneKeypoint("left", ("Plate",), (-0.5, 0.0, 10.0), 0.1),),
    opaque=(0, 0, WIDTH, HEIGHT),
    placements=(placed_cube("Plate", 0, 0, 10), placed_cube("Other", 1, 0, 5, copies=2, Plate=CUBE)),
    compositing=Compositing(("Transform",), ("ViewLayer", "B"), ("S",), ("Crop",)),
    unlabelled=(WithoutLabel("L", Unlabelled.LIGHT),),
)
