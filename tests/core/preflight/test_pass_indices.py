"""Assign Indices as pure data: an index for every instance, none for background, and what is linked stays."""

from collections import defaultdict

from hypothesis import example, given
from hypothesis import strategies as st

from core.preflight.pass_indices import LARGEST_INDEX, IndexedObject, plan_indices, shared_indices

CAR, TREE, BIN = ("Car", "car"), ("Oak", "tree"), ("Bin", "bin")

# Few instances and indices, so that they meet.
INSTANCES = st.sampled_from([None, CAR, TREE, BIN, ("Car", "truck")])
OBJECTS = st.lists(
    st.builds(IndexedObject, st.text("abc", min_size=1), st.integers(0, 4), INSTANCES, st.booleans()), max_size=12
)


@given(OBJECTS)
@example([IndexedObject("a", 1, None, editable=False), IndexedObject("b", 1, CAR)])
@example([IndexedObject("a", 2, CAR, editable=False), IndexedObject("b", 1, CAR, editable=False)])
def test_every_instance_has_an_index_of_its_own(objects: list[IndexedObject]) -> None:
    plan = plan_indices(objects)
    pairs = list(zip(objects, plan.indices, strict=True))
    fixed_owners = defaultdict(set)
    for ob, index in pairs:
        if not ob.editable:
            assert index == ob.pass_index
            fixed_owners[index].add(ob.instance)
    editable = [(ob, index) for ob, index in pairs if ob.editable]
    of_instance = defaultdict(set)
    for ob, index in editable:
        assert (index == 0) == (ob.instance is None)
        if ob.instance is not None:
            of_instance[ob.instance].add(index)
            assert fixed_owners.get(index, {ob.instance}) == {ob.instance}, "the index of something else"
    chosen = [next(iter(indices)) for indices in of_instance.values()]
    assert all(len(indices) == 1 for indices in of_instance.values()), "its objects share one"
    assert len(set(chosen)) == len(chosen), "no other instance has it"
    assert plan.left_over == 0
    # Only what cannot be changed is still shared.
    shared = {index for index, owners in fixed_owners.items() if index and len(owners) > 1}
    assert bool(plan.shared) == bool(shared)


@given(OBJECTS)
def test_again_is_the_same(objects: list[IndexedObject]) -> None:
    plan = plan_indices(objects)
    after = [
        IndexedObject(ob.name, index, ob.instance, ob.editable) for ob, index in zip(objects, plan.indices, strict=True)
    ]
    assert plan_indices(after) == plan
    assert next(shared_indices(after), "") == plan.shared


def test_numbers_in_the_order_of_the_objects() -> None:
    objects = [
        IndexedObject("Body", 9, CAR),
        IndexedObject("Ground", 4, None),
        IndexedObject("Oak", 9, TREE),
        IndexedObject("Wheel", 0, CAR),
    ]
    plan = plan_indices(objects)
    assert (plan.indices, plan.instances) == ((1, 0, 2, 1), 2)
    assert (plan.left_over, plan.stuck, plan.shared) == (0, 0, "")


def test_linked_objects() -> None:
    objects = [
        IndexedObject("Body", 0, CAR),
        IndexedObject("Door", 3, CAR, editable=False),
        IndexedObject("Oak", 1, TREE, editable=False),
        IndexedObject("Leaf", 1, BIN, editable=False),
        IndexedObject("Lid", 5, BIN),
        IndexedObject("Rock", 0, ("Rock", "rock"), editable=False),
    ]
    plan = plan_indices(objects)
    assert plan.indices == (3, 3, 1, 1, 2, 0), "the car takes its door's, 1 is taken twice, the rock stays background"
    assert (plan.instances, plan.stuck) == (2, 1)
    assert plan.shared == "'Leaf' and 'Oak' share the pass index 1"


def test_more_instances_than_indices() -> None:
    objects = [IndexedObject(f"Stone {n}", 0, (f"Stone {n}", "stone")) for n in range(LARGEST_INDEX + 3)]
    plan = plan_indices(objects)
    assert plan.indices == (*range(1, LARGEST_INDEX + 1), 0, 0, 0)
    assert (plan.instances, plan.left_over, plan.stuck) == (LARGEST_INDEX, 3, 0)


def test_what_is_shared() -> None:
    objects = [IndexedObject(name, 2, (name, "x")) for name in "cab"] + [IndexedObject("d", 1, ("d", "x"))]
    assert list(shared_indices(objects)) == ["'a' and 'b' and 1 more share the pass index 2"]
    parts = [IndexedObject(name, 2, CAR) for name in "ab"] + [IndexedObject(name, 0, None) for name in "cd"]
    assert list(shared_indices(parts)) == []
    assert list(shared_indices([*parts, IndexedObject("Wall", 2, None)])) == ["'Wall' and 'a' share the pass index 2"]
