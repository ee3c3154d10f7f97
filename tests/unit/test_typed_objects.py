"""An SDK's typed objects are built of JSON that the SDK refuses."""

from __future__ import annotations

from pydantic import BaseModel, JsonValue

from mirascope.core._wire.sdk_models import build_model


class Leaf(BaseModel):
    name: str
    size: int = 1


class Fruit(BaseModel):
    taste: str


class Tree(BaseModel):
    kind: str
    leaves: list[Leaf] | None = None
    root: Leaf
    hangs: list[Leaf | Fruit] = []
    anything: JsonValue = None


def test_valid_json_is_validated() -> None:
    tree = build_model(Tree, {"kind": "oak", "root": {"name": "r", "size": 2}})
    assert tree == Tree(kind="oak", root=Leaf(name="r", size=2))


def test_invalid_json_is_built_as_far_as_it_is_valid() -> None:
    tree = build_model(
        Tree,
        {
            "leaves": [{"name": "a"}, {"size": "big"}, None],
            "hangs": [{"taste": "sweet"}],
            "anything": {"a": [1]},
            "_fields_set": 7,
        },
    )
    assert tree.kind is tree.root is None
    assert tree.leaves is not None
    assert (tree.leaves[0].size, tree.leaves[1].size, tree.leaves[1].name) == (1, "big", None)
    assert tree.leaves[2] is None
    assert tree.hangs == [{"taste": "sweet"}]
    assert tree.anything == {"a": [1]}
