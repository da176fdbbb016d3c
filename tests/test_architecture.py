"""The rules of the house: which part may import which, and that every public name is documented and typed."""

import ast
import graphlib
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.package.contents import LAMBDAS, Package
from deploy.package.sources import reached_from

ROOT = Path(__file__).parent.parent
PARTS = {
    path.name for path in ROOT.iterdir() if (path / "__init__.py").exists() and path.name not in {"tests", "target"}
}

FOUNDATIONS = {"anomaly", "contracts", "readers", "harness", "devstack"}
"""These import nothing of ours."""

FOR_LAMBDAS = {"contracts", "readers"}
"""All of ours that a Lambda may import, besides itself."""

THIRD_PARTIES = {
    "contracts": {"msgspec"},
    "contracts/arrow_types.py": {"pyarrow"},
    "readers": {"msgspec"},
    "readers/storage.py": {"boto3", "botocore", "mypy_boto3_s3", "pyarrow"},
    "anomaly": {"numpy", "numba", "llvmlite"},
    "anomaly/page": {"numpy", "altair", "vl_convert"},
}
"""Of everybody else's, where the list is closed; what is below another entry counts there."""

NEVER_IN_A_LAMBDA = {"numpy", "numba", "pyflink", "anomaly"}


def modules(part: str) -> list[Path]:
    place = ROOT / part
    return [place] if place.is_file() else sorted(path for path in place.rglob("*.py") if "target" not in path.parts)


ALL_MODULES = [path for part in sorted(PARTS) for path in modules(part)]
TESTS = sorted((ROOT / "tests").rglob("*.py"))


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            yield (node.module or "").split(".")[0]


def outsiders(part: str) -> set[str]:
    below = [path for other in THIRD_PARTIES if other.startswith(f"{part}/") for path in modules(other)]
    names = {name for path in set(modules(part)) - set(below) for name in imported(path)}
    return names - set(sys.stdlib_module_names) - PARTS


def arrows() -> dict[str, set[str]]:
    """Read the picture in docs/architecture.md."""
    picture = re.search(r"```mermaid\nflowchart TD\n(.*?)```", (ROOT / "docs" / "architecture.md").read_text(), re.S)
    assert picture
    lines = (line.strip().partition(" --> ") for line in picture[1].splitlines())
    return {part: {name.strip() for name in imported.split("&") if name.strip()} for part, _, imported in lines}


def test_every_part_is_in_the_picture() -> None:
    assert {"anomaly", "contracts", "flink_job", "devstack"} <= PARTS == set(arrows())


@pytest.mark.parametrize("part", sorted(PARTS))
def test_who_imports_whom_is_what_the_picture_shows(part: str) -> None:
    ours = {name for path in modules(part) for name in imported(path)} & PARTS

    assert ours - {part} == arrows()[part], f"docs/architecture.md shows other arrows from {part}"


def test_arrows_point_one_way() -> None:
    graphlib.TopologicalSorter(arrows()).prepare()


@pytest.mark.parametrize("part", sorted(FOUNDATIONS))
def test_the_foundations_import_nothing_of_ours(part: str) -> None:
    assert arrows()[part] == set()


@pytest.mark.parametrize("part", sorted(part for part in PARTS if part.endswith("_lambda")))
def test_a_lambda_imports_itself_and_what_is_meant_for_lambdas(part: str) -> None:
    assert arrows()[part] <= FOR_LAMBDAS


def test_only_the_example_and_the_measurements_stand_on_everything() -> None:
    assert not [part for part, ours in arrows().items() if ours & {"bookstore", "benchmarks"}]


@pytest.mark.parametrize("part", sorted(THIRD_PARTIES))
def test_the_parts_with_a_closed_list_import_nothing_else(part: str) -> None:
    assert outsiders(part) <= THIRD_PARTIES[part]


def test_the_dashboard_knows_of_the_library_only_its_page() -> None:
    trees = [ast.parse(path.read_text("utf-8")) for path in modules("dashboard")]
    named = {node.module or "" for tree in trees for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}

    assert {name for name in named if name.startswith("anomaly")} == {"anomaly.page"}


@pytest.mark.parametrize("package", LAMBDAS, ids=lambda package: package.name)
def test_what_a_lambda_loads_is_light(package: Package) -> None:
    assert package.handler
    reached = reached_from(ROOT, package.handler.rpartition(".")[0])
    loaded = {name for path in reached.values() for name in imported(path)}

    assert not loaded & NEVER_IN_A_LAMBDA
    assert ("pyarrow" in loaded) == (package.name == "parquet-lambda.zip")


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


@pytest.mark.parametrize("path", ALL_MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_what_a_package_exports_is_listed_in_it_and_nothing_else_is(path: Path) -> None:
    text = path.read_text("utf-8")
    lists = any(ast.unparse(node).startswith("__all__ =") for node in ast.parse(text).body)
    exports = path.name == "__init__.py" and re.search(r"^ *from ", text, re.M) is not None

    assert lists == exports


@pytest.mark.parametrize("path", ALL_MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_code_is_quoted_in_single_backticks(path: Path) -> None:
    assert not re.search(r"(?<!`)``(?!`)", path.read_text("utf-8"))


DOCUMENTED_FOR_HELP = {"DetectorConfig", "Detection", "Detections", "Attribution", "SeriesHistory"}
"""What users of the library make or get: `help` shows its fields. Elsewhere a field is described beneath itself."""


@pytest.mark.parametrize("path", ALL_MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_fields_of_a_record_are_described_beneath_them(path: Path) -> None:
    headed = {
        one.name
        for one in records_of(path)
        if re.search(r"^(Parameters|Attributes)\n-+$", ast.get_docstring(one) or "", re.M)
    }

    assert headed <= DOCUMENTED_FOR_HELP


def records_of(path: Path) -> list[ast.ClassDef]:
    classes = [node for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.ClassDef)]
    return [node for node in classes if any("dataclass" in ast.unparse(mark) for mark in node.decorator_list)]


def public_definitions(
    tree: ast.Module | ast.ClassDef, prefix: str = ""
) -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef]]:
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            yield prefix + node.name, node
            # A protocol of somebody else's class has that class' names, which say what they give.
            if isinstance(node, ast.ClassDef) and not node.name.startswith("Java"):
                yield from public_definitions(node, f"{prefix}{node.name}.")


@pytest.mark.parametrize("path", [*ALL_MODULES, *TESTS], ids=lambda path: str(path.relative_to(ROOT)))
def test_no_module_is_longer_than_a_reader_can_hold(path: Path) -> None:
    assert len(path.read_text("utf-8").splitlines()) <= 400
