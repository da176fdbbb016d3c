"""The extra `report`: nobody needs it but who makes a page, and who lacks it is told in one sentence."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]


def run(program: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)


def test_the_library_and_its_command_import_neither_the_page_nor_what_it_needs() -> None:
    found = run(
        "import sys, anomaly, anomaly.cli.main; print({'anomaly.page', 'altair', 'vl_convert'} & set(sys.modules))"
    )

    assert (found.stdout, found.stderr) == ("set()\n", "")


@pytest.mark.parametrize("missing", ["altair", "vl_convert"])
def test_a_page_without_the_extra_ends_with_a_sentence_that_says_how_to_get_it(missing: str) -> None:
    found = run(f"import sys; sys.modules[{missing!r}] = None; import anomaly.page")

    assert found.stderr.endswith(
        f"\nImportError: the page needs {missing}, which is not installed here; pip install 'anomaly[report]'\n"
    )


def test_the_wheel_has_every_file_of_the_page(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(command, cwd=ROOT, capture_output=True, check=True)
    (wheel,) = tmp_path.iterdir()
    with zipfile.ZipFile(wheel) as archive:
        packed = {name for name in archive.namelist() if name.startswith("anomaly/page/")}
    files = {path.relative_to(ROOT).as_posix() for path in (ROOT / "anomaly" / "page").rglob("*") if path.is_file()}

    assert packed == {name for name in files if "__pycache__" not in name}
