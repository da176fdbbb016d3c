"""The page's scripts: read in order, and linked into one that does what they do."""

from importlib import resources

import pytest

from anomaly.page.document import modules, static_part
from anomaly.page.modules import link, modules_in_order

STATIC = resources.files("anomaly.page") / "static"


def linked(**files: str) -> str:
    texts = {f"{name}.js": text for name, text in files.items()}
    return link(modules_in_order("main.js", texts.__getitem__))


def test_a_module_comes_after_what_it_imports_and_once() -> None:
    files = {
        "main.js": 'import { a } from "./a.js";\nimport { b } from "./b.js";',
        "a.js": 'import { b } from "./b.js";\nexport const a = b;',
        "b.js": "export const b = 1;",
    }

    assert list(modules_in_order("main.js", files.__getitem__)) == ["b.js", "a.js", "main.js"]


def test_modules_that_import_each_other_are_refused() -> None:
    ring = {
        "main": 'import { a } from "./a.js";',
        "a": 'import { b } from "./b.js";',
        "b": 'import { a } from "./a.js";',
    }

    with pytest.raises(ValueError, match=r"ring, main\.js -> a\.js -> b\.js -> a\.js; move what both need to a third"):
        linked(**ring)


def test_an_import_of_what_is_not_exported_is_refused() -> None:
    with pytest.raises(ValueError, match=r"main\.js imports hidden from a\.js, which exports shown"):
        linked(main='import { shown, hidden } from "./a.js";', a="const hidden = 1;\nexport const shown = 2;")


@pytest.mark.parametrize(
    "text",
    [
        'import * as a from "./a.js";',
        'import { b as c } from "./a.js";',
        'import "./a.js";',
        "export default 1;",
        "export let b = 1;",
        "export { b };",
        'import { b } from "elsewhere";',
    ],
)
def test_what_is_not_understood_is_refused_and_named(text: str) -> None:
    with pytest.raises(ValueError, match=r"main\.js: found '(im|ex)port .*', expected import"):
        linked(main=text, a="export const b = 1;")


def test_a_linked_module_sees_what_it_imports_and_gives_what_it_exports() -> None:
    script = linked(
        main='import {\n  one,\n  two,\n} from "./a.js";\none(two);',
        a="const hidden = 2;\nexport async function one(x) { return x; }\nexport const two = hidden;",
    )

    assert script == (
        '(() => {\n"use strict";\nconst modules = {};\n'
        "modules['a.js'] = (() => {\n"
        "const hidden = 2;\nasync function one(x) { return x; }\nconst two = hidden;\n"
        "return { one, two };\n})();\n"
        "modules['main.js'] = (() => {\nconst { one, two } = modules['a.js'];\none(two);\nreturn {  };\n})();\n})();\n"
    )


def test_every_script_of_the_page_is_a_module_that_main_needs() -> None:
    names = {path.name for path in STATIC.iterdir() if path.name.endswith(".js")}

    assert set(modules()) == names
    assert all(static_part(name).startswith("// ") for name in names)


def test_no_module_is_longer_than_a_reader_can_hold() -> None:
    assert {name: n for name, text in modules().items() if (n := len(text.splitlines())) > 200} == {}
