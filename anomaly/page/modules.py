"""The page's ES modules: in order for a server, and linked into one script for the page in one file.

A server sends the modules as they are, and the browser loads them. The page in one file cannot: a module is imported by
an address, and an import map of `data:` or `blob:` addresses needs a policy by which any text at such an address runs,
one that somebody smuggled in as well. A single inline script is allowed by its hash alone. So `link` puts each module
into a function of its own, which sees what it imports and returns what it exports. A bundler would do the same, but
would have to be there whenever a wheel is built, and be trusted.

Understood are `import { a, b } from "./other.js";` and `export` before `const` or `function`. All else that begins with
one of these words is an error, as are rings of imports and imports of what is not exported.
"""

import re
from collections.abc import Callable, Mapping

_IMPORT = re.compile(r'^import \{\s*(\w+(?:,\s*\w+)*),?\s*\} from "\./([\w-]+\.js)";$', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=const (\w+) =|(?:async )?function (\w+)\()", re.MULTILINE)
_REST = re.compile(r"^\s*(?:import|export)\b.*", re.MULTILINE)


def modules_in_order(main: str, read: Callable[[str], str]) -> dict[str, str]:
    """Read a module and whatever it imports, each after what it imports itself.

    Parameters
    ----------
    main
        The module's file name.
    read
        Gives the text of a file.

    Raises
    ------
    ValueError
        If modules import each other in a ring.
    """
    modules: dict[str, str] = {}

    def add(name: str, importers: tuple[str, ...]) -> None:
        if name in importers:
            ring = " -> ".join([*importers, name])
            msg = f"modules import each other in a ring, {ring}; move what both need to a third"
            raise ValueError(msg)
        if name not in modules:
            text = read(name)
            for _, imported in _IMPORT.findall(text):
                add(imported, (*importers, name))
            modules[name] = text

    add(main, ())
    return modules


def link(modules: Mapping[str, str]) -> str:
    """Write modules as one classic script that does what they do.

    Parameters
    ----------
    modules
        Text by file name, each after those that it imports.

    Raises
    ------
    ValueError
        If a module imports or exports in a way that is not understood, or imports what is not exported.
    """
    exported: dict[str, list[str]] = {}
    functions = []
    for name, text in modules.items():
        exported[name] = [constant or function for constant, function in _EXPORT.findall(text)]
        for names, imported in _IMPORT.findall(text):
            if unknown := sorted(set(_names(names)) - set(exported[imported])):
                there = ", ".join(exported[imported])
                msg = f"{name} imports {', '.join(unknown)} from {imported}, which exports {there}"
                raise ValueError(msg)
        body = _EXPORT.sub("", _IMPORT.sub(_linked_import, text))
        if rest := _REST.search(body):
            msg = (
                f'{name}: found {rest[0].strip()!r}, expected import {{ a }} from "./other.js"; '
                "or export before a const or a function"
            )
            raise ValueError(msg)
        functions.append(f"modules[{name!r}] = (() => {{\n{body}\nreturn {{ {', '.join(exported[name])} }};\n}})();")
    return "\n".join(["(() => {", '"use strict";', "const modules = {};", *functions, "})();", ""])


def _linked_import(found: re.Match[str]) -> str:
    return f"const {{ {', '.join(_names(found[1]))} }} = modules[{found[2]!r}];"


def _names(listed: str) -> list[str]:
    return re.findall(r"\w+", listed)
