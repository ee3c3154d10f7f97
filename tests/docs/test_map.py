"""CONTRIBUTING's map and the way of a chunk are those of the source."""

from __future__ import annotations

import ast
import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "mirascope"
MAP = (ROOT / "CONTRIBUTING.md").read_text().partition("## The map")[2].partition("## Tests")[0]
WAY = (ROOT / "docs" / "understand" / "how-it-works.md").read_text()
NOT_ROOMS = {".agents", "__init__.py", "__main__.py", "_version.py", "__pycache__", "py.typed"}
MAX_LINES, MAX_FILES, MAX_SHARE = 400, 14, 0.20

ROOMS = re.findall(
    r"^\| (`(?:core/)?[\w./]+`(?:, `core/[\w./]+`)*) \| [^|]+ \| ([^|]*) \|$", MAP, re.MULTILINE
)


def rooms_of_the_map() -> list[str]:
    return [name.rstrip("/") for cell, _ in ROOMS for name in re.findall(r"`([^`]+)`", cell)]


def rooms_of_the_tree() -> set[str]:
    """What lies directly in the package and in its `core`, but for `core` itself."""
    paths = [*SOURCE.iterdir(), *(SOURCE / "core").iterdir()]
    names = {str(path.relative_to(SOURCE)) for path in paths if path.name not in NOT_ROOMS}
    return names - {"core"}


def lines(path: Path) -> int:
    return len(path.read_text().splitlines())


def test_the_map_has_every_room() -> None:
    assert sorted(rooms_of_the_map()) == sorted(rooms_of_the_tree())


def test_rooms_begin_where_the_map_says() -> None:
    for cell, begin in ROOMS:
        for room in re.findall(r"`([^`]+/)`", cell):
            for name in re.findall(r"`([^`]+)`", begin):
                assert (SOURCE / room / name).is_file(), (room, name)


def test_the_map_is_in_the_order_of_the_import_contract() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    layers = next(each for each in contracts["contracts"] if each["type"] == "layers")["layers"]
    floors = [
        [name.strip().removeprefix("mirascope.").replace(".", "/") for name in layer.split("|")]
        for layer in layers
    ]
    floor_of = {room: floor for floor, rooms in enumerate(floors) for room in rooms}
    order = [floor_of[name.removesuffix(".py")] for name in rooms_of_the_map()]
    assert order == sorted(order)


def test_paths_in_the_map_exist() -> None:
    for name in set(re.findall(r"`((?:core|tests|docs)/[\w./]+)`", MAP)):
        assert (SOURCE / name).exists() or (ROOT / name).exists(), name


def folders_of_rooms() -> list[str]:
    """The rooms below the providers, and the rooms in them, such as a dialect."""
    core = SOURCE / "core"
    packages = (path.parent for path in core.glob("_[a-z]*/**/__init__.py"))
    return sorted(str(path.relative_to(core)) for path in packages)


@pytest.mark.parametrize("room", folders_of_rooms())
def test_a_room_is_small_and_introduced(room: str) -> None:
    files = [*(SOURCE / "core" / room).glob("*.py")]
    everything = sum(map(lines, SOURCE.rglob("*.py")))
    assert len(files) <= MAX_FILES
    assert sum(map(lines, files)) <= MAX_SHARE * everything
    introduction = ast.parse((SOURCE / "core" / room / "__init__.py").read_text())
    assert ast.get_docstring(introduction)
    assert len(introduction.body) == 1


def test_no_file_is_long() -> None:
    assert [str(path) for path in SOURCE.rglob("*.py") if lines(path) > MAX_LINES] == []


def test_the_way_of_a_chunk_names_what_is_there() -> None:
    """Each name in front of a path in parentheses is defined in that file."""
    steps = re.findall(r"`([A-Za-z_.]+)`[^`(]{0,40}\((?:[^`()]*)`([\w/]+\.py)`\)", WAY)
    assert len(steps) > 20
    for name, path in steps:
        defined = ast.walk(ast.parse((SOURCE / "core" / path).read_text()))
        kinds = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
        names = {node.name for node in defined if isinstance(node, kinds)}
        assert {*name.split(".")} <= names, (name, path)
