"""The one place that imports numba: how kernels are compiled, and where their machine code is kept.

Kernels are plain functions over arrays and records, so with `NUMBA_DISABLE_JIT=1` the same source runs uncompiled.

numba finds kept machine code by the file of the kernel that Python calls, and knows nothing of the kernels that were
compiled into it from other files. So the directory's name is a digest of all of them, and of whatever else decides what
machine code comes out: an edit anywhere in this package begins a new directory.
"""

import builtins
import functools
import hashlib
import os
import platform
import shutil
import stat
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from pickle import UnpicklingError
from typing import Any, ParamSpec, Protocol, TypeVar, TypeVarTuple, cast

import numpy as np

if sys.platform != "win32":
    import fcntl

P = ParamSpec("P")
Arguments = TypeVarTuple("Arguments")
R = TypeVar("R")


@contextmanager
def _plain_print() -> Iterator[None]:
    """Hide a replaced `print` while numba is imported.

    PyFlink's process-mode worker replaces `builtins.print` by a bound method, which numba's registry of builtins
    refuses at import. The original is restored for the import alone.
    """
    replaced = builtins.print
    original = getattr(getattr(replaced, "__self__", None), "_print", None)
    if original is None:
        yield
        return
    builtins.print = original
    try:
        yield
    finally:
        builtins.print = replaced


with _plain_print():
    import llvmlite.binding
    import numba

# Some releases of numba have types and some do not.
njit: Any = numba.njit
typeof: Any = numba.typeof
config: Any = numba.config

SOURCE = Path(__file__).parent

SETTINGS = ("OPT", "BOUNDSCHECK", "DEBUGINFO", "ENABLE_AVX", "CPU_NAME", "CPU_FEATURES")
"""Those of numba's settings (`NUMBA_OPT`, ...) that change the machine code."""

DIGEST_LENGTH = 16

SIBLINGS_KEPT = 4
"""Directories of other digests that are kept: other branches, other Pythons."""

SIBLING_AGE = 86_400.0
"""Seconds for which an unused directory is left alone in any case: somebody may be compiling into it."""

LONGEST_WAIT = 180.0
"""Seconds after which nobody waits any longer for a process that compiles: it may be stopped, neither done nor dead."""

POLL = 0.05

# No fastmath anywhere: the same digits, wherever and into whatever a function is compiled.
_INNER = {"error_model": "numpy", "no_cpython_wrapper": True, "no_cfunc_wrapper": True}
_OUTER = {"error_model": "numpy", "no_cfunc_wrapper": True, "nogil": True}


class _Kernel(Protocol):
    """What numba's decorator returns."""

    signatures: list[object]

    def compile(self, signature: tuple[object, ...]) -> object: ...

    def __call__(self, *arguments: object) -> object: ...


def component(function: Callable[P, R]) -> Callable[P, R]:
    """Compile a function that only kernels call; its machine code is kept as part of the entry that it ends up in.

    It is compiled once for every combination of types, and an integer literal is a type of its own: pass `i8(0)`.
    """
    return cast("Callable[P, R]", njit(**_INNER)(function))


def inlined(function: Callable[P, R]) -> Callable[P, R]:
    """Compile a function into each place that calls it, as if it had been written there."""
    return cast("Callable[P, R]", njit(inline="always", **_INNER)(function))


def entry(function: Callable[[*Arguments], R]) -> Callable[[*Arguments], R]:
    """Compile a kernel that Python calls, on its first call, and keep its machine code in `cache_directory()`.

    Takes positional arguments only and releases the interpreter lock.
    """
    if config.DISABLE_JIT:
        return _uncompiled(function)
    kernel, ready = _kernel(function), False

    @functools.wraps(function)
    def call(*arguments: *Arguments) -> R:
        nonlocal kernel, ready
        if not ready:
            kernel, ready = _compiled(kernel, function, arguments), True
        return cast("R", kernel(*arguments))

    return call


def _uncompiled(function: Callable[[*Arguments], R]) -> Callable[[*Arguments], R]:
    """Let the function see the fields of records as attributes, as a compiled one does."""

    @functools.wraps(function)
    def call(*arguments: *Arguments) -> R:
        seen: Any = [
            argument.view(np.recarray) if isinstance(argument, np.ndarray) and argument.dtype.names else argument
            for argument in arguments
        ]
        return function(*seen)

    return call


def _kernel(function: Callable[..., object]) -> _Kernel:
    if cache_directory() is None:
        return _uncached(function)
    # numba looks at this setting while it decorates, and never again.
    previous, config.CACHE_LOCATOR_CLASSES = config.CACHE_LOCATOR_CLASSES, f"{__name__}.{_Locator.__name__}"
    try:
        return cast("_Kernel", njit(cache=True, **_OUTER)(function))
    finally:
        config.CACHE_LOCATOR_CLASSES = previous


def _uncached(function: Callable[..., object]) -> _Kernel:
    return cast("_Kernel", njit(**_OUTER)(function))


def _compiled(kernel: _Kernel, function: Callable[..., object], arguments: tuple[object, ...]) -> _Kernel:
    """Compile the kernel for these arguments, or load it.

    The cache is a convenience: when it is full, damaged or gone, the kernel is compiled all the same.
    """
    types = tuple(typeof(argument) for argument in arguments)
    try:
        if _files(function, "nbc"):
            kernel.compile(types)
        else:
            with compiling():
                kernel.compile(types)
    except OSError:
        pass
    except (EOFError, UnpicklingError):  # the next process begins afresh
        for damaged in _files(function, "nbi") + _files(function, "nbc"):
            with suppress(OSError):
                damaged.unlink()
    # Once compiled, only the keeping has failed.
    return kernel if kernel.signatures else _uncached(function)


def _files(function: Callable[..., object], suffix: str) -> list[Path]:
    """Return what is kept of one kernel: the index (nbi), and the machine code (nbc), which numba writes last."""
    directory = cache_directory()
    if directory is None:
        return []
    name = f"{Path(function.__code__.co_filename).stem}.{function.__qualname__}"
    return sorted(directory.glob(f"{name}-*.{suffix}"))


class _Locator:
    """Tells numba where the machine code is kept.

    numba asks any class that its setting `CACHE_LOCATOR_CLASSES` names. Its own classes put the path of the source
    into the cache, and refuse a directory that cannot be written to even if everything is in it already.
    """

    def __init__(self, function: Callable[..., object], file: str) -> None:
        self._line = function.__code__.co_firstlineno
        self._py_file = file

    @classmethod
    def from_function(cls, function: Callable[..., object], file: str) -> "_Locator":
        return cls(function, file)

    def get_cache_path(self) -> str:
        return str(cache_directory())

    def ensure_cache_path(self) -> None:
        Path(self.get_cache_path()).mkdir(parents=True, exist_ok=True)

    def get_source_stamp(self) -> str:
        return digest()

    def get_disambiguator(self) -> str:
        return str(self._line)


@functools.cache
def digest() -> str:
    """Return 16 hexadecimal digits that change with whatever changes the machine code of any kernel."""
    made_of = hashlib.sha256()
    for path in sorted(SOURCE.glob("*.py")):
        made_of.update(f"{path.name}\0".encode() + hashlib.sha256(path.read_bytes()).digest())
    try:
        features = llvmlite.binding.get_host_cpu_features().flatten()
    except RuntimeError:  # LLVM cannot tell on this kind of processor
        features = ""
    circumstances = (
        numba.__version__,
        llvmlite.__version__,
        np.__version__,
        sys.implementation.cache_tag,
        platform.machine(),
        llvmlite.binding.get_host_cpu_name(),
        features,
        *(getattr(config, setting, None) for setting in SETTINGS),
    )
    made_of.update(repr(circumstances).encode())
    return made_of.hexdigest()[:DIGEST_LENGTH]


@functools.cache
def cache_directory() -> Path | None:
    """Return where the machine code of these kernels is kept, or None where there is no place for it.

    The first of these that can be written to, or has it already: `NUMBA_CACHE_DIR`, if it is set; `__pycache__`
    beside the source; the user's cache directory; a private directory among the temporary ones.
    """
    if config.DISABLE_JIT or not any(SOURCE.glob("*.py")):
        return None
    for place in _places():
        directory = place / digest()
        if any(directory.glob("*.nbc")) or _is_writable(directory):
            return directory
    return None


def _places() -> Iterator[Path]:
    if config.CACHE_DIR:
        yield Path(config.CACHE_DIR).absolute() / "anomaly-kernels"
    yield SOURCE / "__pycache__" / "anomaly-kernels"
    with suppress(RuntimeError):  # a user without a home
        yield _user_cache() / "anomaly-kernels"
    private = _private_directory()
    if private is not None:
        yield private


def _user_cache() -> Path:
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches"
    named = Path(os.environ.get("XDG_CACHE_HOME", ""))
    return named if named.is_absolute() else Path.home() / ".cache"


def _private_directory() -> Path | None:
    """Make or find a directory among the temporary ones that nobody else can write to.

    Kept machine code is run, so a directory that another user prepared must not be taken.
    """
    if sys.platform == "win32":  # there every user has temporary files of his own
        return Path(tempfile.gettempdir()) / "anomaly-kernels"
    directory = Path(tempfile.gettempdir()) / f"anomaly-kernels-{os.getuid()}"
    try:
        directory.mkdir(mode=0o700, exist_ok=True)
        found = directory.lstat()
    except OSError:
        return None
    private = stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid() and not stat.S_IMODE(found.st_mode) & 0o077
    return directory if private else None


def _is_writable(directory: Path) -> bool:
    try:
        directory.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=directory).close()
    except OSError:
        return False
    return True


@functools.cache
def prepare() -> None:
    """Say in one line on standard error that the first call will take its time, if nothing is compiled yet."""
    if config.DISABLE_JIT:
        return
    directory = cache_directory()
    if directory is None:
        _say("anomaly: compiling its kernels, about ten seconds; set NUMBA_CACHE_DIR to a directory that keeps them")
    elif not any(directory.glob("*.nbc")):
        _say("anomaly: compiling its kernels for this machine, once; about ten seconds")
    else:
        with suppress(OSError):
            os.utime(directory)  # in use, so among the last to be deleted


def _say(line: str) -> None:
    """Write a line for a person; nobody may be there to read it."""
    if sys.stderr is not None:
        with suppress(OSError, ValueError):
            sys.stderr.write(f"{line}\n")
            sys.stderr.flush()


@contextmanager
def compiling() -> Iterator[None]:
    """Hold the lock of the cache directory, so that of processes that start together one compiles and the others load.

    Waits for whoever holds it, though not for ever. The lock goes with the process, however it ends.
    """
    directory = cache_directory()
    if directory is None or sys.platform == "win32":
        yield
        return
    try:
        lock = (directory / "lock").open("wb")
    except OSError:  # filled elsewhere, and read-only here
        yield
        return
    with lock:
        _wait_for(lock.fileno())
        try:
            yield
            _delete_old_siblings(directory)
        finally:
            with suppress(OSError):  # closing is not enough: a process forked meanwhile has the file open, too
                fcntl.flock(lock, fcntl.LOCK_UN)


def _wait_for(lock: int) -> None:
    patience = time.monotonic() + LONGEST_WAIT
    while time.monotonic() < patience:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(POLL)
        except OSError:  # a file system without locks
            return
        else:
            return


def _delete_old_siblings(directory: Path) -> None:
    siblings = []
    for sibling in directory.parent.iterdir():
        if sibling != directory and len(sibling.name) == DIGEST_LENGTH:
            with suppress(OSError):
                siblings.append((sibling.stat().st_mtime, sibling))
    for used, sibling in sorted(siblings, reverse=True)[SIBLINGS_KEPT:]:
        if time.time() - used > SIBLING_AGE:
            shutil.rmtree(sibling, ignore_errors=True)
