"""Which objects have no pass index though that may not be what the user wanted."""

import pytest

from core.scene.scene_record import UNKNOWN, SceneEntry
from core.settings.category_table import Source
from tests.builders import entries_of

RULE = Source.PROPERTY.value


@pytest.mark.parametrize(
    ("objects", "expected"),
    [
        # (pass index, whether it has a category, what decided on that)
        ([(1, True, UNKNOWN), *[(0, True, UNKNOWN)] * 5], 5),
        # A floor and a wall that were left out on purpose.
        ([*[(1, True, UNKNOWN)] * 2, *[(0, True, UNKNOWN)] * 2], 0),
        # Nothing has an index, or everything.
        ([(0, True, UNKNOWN)] * 6, 0),
        ([(0, True, RULE)] * 6, 0),
        ([(3, True, RULE)] * 6, 0),
        # What has a category by a rule is wanted, and nothing else says what else is.
        ([*[(1, True, RULE)] * 9, (0, True, RULE)], 1),
        ([*[(1, True, RULE)] * 2, *[(0, True, UNKNOWN)] * 9], 0),
        # What is background already, and a stray index on such a thing.
        ([(1, True, UNKNOWN), *[(0, False, RULE)] * 5], 0),
        ([(1, False, RULE), *[(0, True, RULE)] * 5], 5),
        ([], 0),
    ],
)
def test_left_without_index(objects: list[tuple[int, bool, str]], expected: int) -> None:
    entries = entries_of(
        *(
            SceneEntry(f"Thing {number}", index, "thing" if labelled else None, origin=origin)
            for number, (index, labelled, origin) in enumerate(objects)
        ),
        categories=(),
    )
    found = entries.left_without_index()

    assert len(found) == expected
    assert all(entry.pass_index == 0 and entry.category for entry in found)
