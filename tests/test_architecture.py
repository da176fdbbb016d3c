"""The rules of the house: which part may import which, and that every public name is documented and typed."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PARTS = {
    path.name for path in ROOT.iterdir() if (path / "__init__.py").exists() and path.name not in {"tests", "target"}
}

MAY_IMPORT = {
    "contracts": set(),
    "anomaly": set(),
    "readers": set(),
    "flink_job": {"contracts", "anomaly"},
    "ingest_lambda": {"contracts", "readers"},
    "transform_lambda": {"contracts", "readers"},
    "notify_lambda": {"contracts", "readers"},
    "dashboard": {"contracts", "readers"},
    "devstack": PARTS - {"devstack", "benchmarks"},
    "deploy": PARTS - {"deploy", "devstack", "benchmarks"},
    "benchmarks": PARTS - {"benchmarks"},
}
"""Of our own parts, besides itself."""

THIRD_PARTIES = {
    "contracts": {"msgspec"},
    "anomaly": {"numpy", "numba", "llvmlite"},
}
"""Of everybody else's, where the list is closed."""

NEVER_IN_A_LAMBDA = {"numpy", "numba", "pyflink", "anomaly"}


def modules(part: str) -> list[Path]:
    return sorted(path for path in (ROOT / part).rglob("*.py") if "target" not in path.parts)


ALL_MODULES = [path for part in sorted(PARTS) for path in modules(part)]


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            yield (node.module or "").split(".")[0]


def outsiders(part: str) -> set[str]:
    names = {name for path in modules(part) for name in imported(path)}
    return names - set(sys.stdlib_module_names) - PARTS


def test_every_part_is_known_here() -> None:
    assert {"anomaly", "contracts", "flink_job", "devstack"} <= PARTS <= set(MAY_IMPORT)


@pytest.mark.parametrize("part", sorted(PARTS))
def test_imports_between_the_parts_point_one_way(part: str) -> None:
    ours = {name for path in modules(part) for name in imported(path)} & PARTS

    assert ours - {part} <= MAY_IMPORT[part]


@pytest.mark.parametrize("part", sorted(THIRD_PARTIES))
def test_the_parts_with_a_closed_list_import_nothing_else(part: str) -> None:
    assert outsiders(part) <= THIRD_PARTIES[part]


@pytest.mark.parametrize("part", ["contracts", "readers", *sorted(part for part in PARTS if part.endswith("_lambda"))])
def test_what_a_lambda_loads_is_light(part: str) -> None:
    assert not {name for path in modules(part) for name in imported(path)} & NEVER_IN_A_LAMBDA


@pytest.mark.parametrize("path", ALL_MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_module_and_public_function_is_documented_and_typed(path: Path) -> None:
    tree = ast.parse(path.read_text("utf-8"))
    problems = [] if ast.get_docstring(tree) else ["the module has no docstring"]
    for name, node in public_definitions(tree):
        if not ast.get_docstring(node):
            problems.append(f"{name} has no docstring")
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            arguments = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
            untyped = [a.arg for a in arguments if a.annotation is None and a.arg not in {"self", "cls"}]
            problems += [f"{name}: {argument} has no type" for argument in untyped]
            if node.returns is None:
                problems.append(f"{name} has no return type")

    assert not problems


def public_definitions(
    tree: ast.Module | ast.ClassDef, prefix: str = ""
) -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef]]:
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            yield prefix + node.name, node
            if isinstance(node, ast.ClassDef):
                yield from public_definitions(node, f"{prefix}{node.name}.")


@pytest.mark.parametrize("path", ALL_MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_module_is_longer_than_a_reader_can_hold(path: Path) -> None:
    assert len(path.read_text("utf-8").splitlines()) <= 400
