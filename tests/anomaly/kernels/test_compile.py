import subprocess
import sys
from pathlib import Path

import pytest
from kernel_package import LINE, SCRIPT, Package, finished


def test_machine_code_is_compiled_once_and_then_loaded(package: Package) -> None:
    cold, warm = package.run(), package.run()

    assert (cold.value, cold.compiled, cold.loaded) == (16.0, 1, 0)
    assert (warm.value, warm.compiled, warm.loaded) == (16.0, 0, 1)
    assert cold.directory == warm.directory
    assert cold.directory.parent == package.kernels / "__pycache__" / "anomaly-kernels"


def test_an_edit_of_a_kernel_in_another_file_takes_effect_in_the_next_process(package: Package) -> None:
    package.run()
    package.edit("inner.py", "FACTOR = 2.0", "FACTOR = 3.0")

    assert package.run().value == 22.0


def test_without_the_digest_the_edit_would_go_unnoticed(package: Package) -> None:
    package.edit("compile.py", "made_of.update(f", "(f")
    package.run()
    package.edit("inner.py", "FACTOR = 2.0", "FACTOR = 3.0")

    assert package.run().value == 16.0


@pytest.mark.parametrize("name", ["__init__.py", "compile.py", "inner.py", "outer.py", "new.py"])
def test_the_digest_changes_with_every_file_of_the_package(package: Package, name: str) -> None:
    before = digest(package)
    with (package.kernels / name).open("a") as file:
        file.write("# edited\n")

    assert digest(package) != before


def test_the_digest_changes_with_the_name_of_a_file(package: Package) -> None:
    before = digest(package)
    (package.kernels / "inner.py").rename(package.kernels / "renamed.py")

    assert digest(package) != before


@pytest.mark.parametrize(
    "change",
    [
        "import numba; numba.__version__ = '0'",
        "import numba, llvmlite; llvmlite.__version__ = '0'",
        "import numba, numpy; numpy.__version__ = '0'",
        "import llvmlite.binding as b; b.get_host_cpu_name = lambda: 'i386'",
        "import llvmlite.binding as b; b.get_host_cpu_features = lambda: b.FeatureMap()",
        "import numba; numba.config.BOUNDSCHECK = 1",
        "import numba; numba.config.OPT = 1",
    ],
)
def test_the_digest_changes_with_what_else_decides_the_machine_code(package: Package, change: str) -> None:
    assert digest(package, change) != digest(package) == digest(package)


def digest(package: Package, first: str = "") -> str:
    script = f"{first}\nfrom kernels.compile import digest\nprint(digest())"
    return subprocess.run(
        [sys.executable, "-c", script], env=package.environment, capture_output=True, text=True, check=True
    ).stdout


def test_one_line_announces_the_compilation_and_none_when_there_is_nothing_to_compile(package: Package) -> None:
    assert package.run().stderr == LINE
    assert package.run().stderr == ""


@pytest.mark.parametrize(
    "nobody",
    ["sys.stderr = None", "sys.stderr.close()", "os.close(2)", "r, w = os.pipe(); os.close(r); os.dup2(w, 2)"],
)
def test_the_announcement_is_lost_without_a_trace_where_nobody_can_read_it(package: Package, nobody: str) -> None:
    # The exit is Python's own affair: it fails when what is left in a stream cannot be written.
    run = package.run(f"import os, sys\n{nobody}\n{SCRIPT}\nsys.stdout.flush(); os._exit(0)")

    assert (run.value, run.compiled, run.stderr) == (16.0, 1, "")


def test_processes_that_start_together_compile_once(package: Package) -> None:
    # The first one holds the lock for as long as it takes the others to come.
    slow = SCRIPT.replace("print(", "import time, numba\nnumba.core.event.register('numba:compile', Slow())\nprint(")
    waiting = """
import time
from numba.core.event import Listener
class Slow(Listener):
    def on_start(self, event): time.sleep(3)
    def on_end(self, event): pass
"""
    processes = [package.start(waiting + slow) for _ in range(3)]
    runs = [finished(process) for process in processes]

    assert [run.value for run in runs] == [16.0] * 3
    assert sorted((run.compiled, run.loaded) for run in runs) == [(0, 1), (0, 1), (1, 0)]


HOLDER = """
import time
from kernels.compile import compiling
with compiling():
    print("held", flush=True)
    time.sleep(600)
"""


def test_a_process_that_dies_while_it_compiles_blocks_nobody(package: Package) -> None:
    holder = package.start(HOLDER)
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    waiting = package.start()
    with pytest.raises(subprocess.TimeoutExpired):
        waiting.wait(3)
    holder.kill()
    holder.communicate()

    assert finished(waiting).compiled == 1


def test_a_process_that_is_stopped_while_it_compiles_blocks_nobody_for_ever(package: Package) -> None:
    package.edit("compile.py", "LONGEST_WAIT = 180.0", "LONGEST_WAIT = 0.1")
    holder = package.start(HOLDER)
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    try:
        assert package.run().compiled == 1
    finally:
        holder.kill()
        holder.communicate()


@pytest.mark.parametrize("suffix", ["nbi", "nbc"])
def test_damaged_machine_code_is_compiled_anew(package: Package, suffix: str) -> None:
    directory = package.run().directory
    for path in directory.glob(f"*.{suffix}"):
        path.write_bytes(b"")

    assert package.run().value == 16.0
    assert package.run().compiled == 1
    assert package.run().loaded == 1


def test_machine_code_that_cannot_be_kept_is_run_all_the_same(package: Package) -> None:
    full = SCRIPT.replace(
        "prepare()\n", "import os\ndef replace(*paths): raise OSError(28, 'full')\nos.replace = replace\n", 1
    )

    assert package.run(full).value == 16.0


def test_the_same_source_runs_uncompiled(package: Package) -> None:
    run = package.run(NUMBA_DISABLE_JIT="1")

    assert (run.value, run.compiled, run.directory, run.stderr) == (16.0, 0, Path("None"), "")
    assert not list((package.kernels / "__pycache__").glob("anomaly-kernels"))


def test_numba_can_be_imported_where_print_is_replaced(package: Package) -> None:
    replaced = """
import builtins
class Worker:
    def __init__(self): self._print = builtins.print
    def print(self, *arguments, **named): self._print(*arguments, **named)
builtins.print = worker = Worker().print
"""

    assert package.run(f"{replaced}{SCRIPT}assert builtins.print is worker").value == 16.0


@pytest.mark.parametrize("without", ["0", "1"])
def test_fields_of_records_are_attributes_compiled_or_not(package: Package, without: str) -> None:
    script = """
import numpy as np
from kernels.compile import cache_directory, entry
import kernels.records as records

fleet = np.zeros(2, records.OUTER)
records.grow(fleet)
print(fleet[1]["inner"]["total"], cache_directory())
"""
    (package.kernels / "records.py").write_text("""
import numpy as np
from kernels.compile import entry

OUTER = np.dtype([("inner", np.dtype([("total", "f8")]))])

@entry
def grow(fleet):
    fleet[1].inner.total += 3.0
""")

    assert package.run(script, NUMBA_DISABLE_JIT=without).value == 3.0
