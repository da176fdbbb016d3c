"""Find our own modules: whole packages, or just what a module imports."""

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path

from deploy.errors import DeployError


def whole(root: Path, part: str) -> dict[str, Path]:
    """List the modules of a package, by their path inside a zip.

    Parameters
    ----------
    root
        The project's folder.
    part
        Name of a package in it.
    """
    # Java sources and builds live in a folder of a package; neither has a Python module.
    return {path.relative_to(root).as_posix(): path for path in sorted((root / part).rglob("*.py"))}


def reached_from(root: Path, module: str) -> dict[str, Path]:
    """List our modules that a module imports, directly or not, and the module itself, by their path inside a zip.

    Parameters
    ----------
    root
        The project's folder.
    module
        A dotted name, such as `notify_lambda.handler`.

    Raises
    ------
    DeployError
        If there is no such module.
    """
    found: dict[str, Path] = {}
    waiting = [module]
    if _file_of(root, module) is None:
        msg = f"there is no module {module} in {root}"
        raise DeployError(msg)
    while waiting:
        name = waiting.pop()
        path = _file_of(root, name)
        if path is None or path.relative_to(root).as_posix() in found:
            continue
        found[path.relative_to(root).as_posix()] = path
        # Importing a module runs its packages first.
        waiting += [name.rpartition(".")[0], *_imports(path)]
    return dict(sorted(found.items()))


def merged(*entries: Mapping[str, Path]) -> dict[str, Path]:
    """Put entries of a zip together.

    Raises
    ------
    DeployError
        If two of them have one name.
    """
    result: dict[str, Path] = {}
    for some in entries:
        if twice := sorted(result.keys() & some.keys()):
            msg = f"{twice[0]} comes from {result[twice[0]]} and from {some[twice[0]]}"
            raise DeployError(msg)
        result.update(some)
    return result


def _file_of(root: Path, module: str) -> Path | None:
    if not module:
        return None
    place = root.joinpath(*module.split("."))
    candidates = (place / "__init__.py", place.with_suffix(".py"))
    return next((path for path in candidates if path.is_file()), None)


def _imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""
            # What is imported from a package may be a module of it.
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
