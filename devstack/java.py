"""Finding a Java that is new enough."""

import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from devstack.errors import DevstackError

OLDEST_JAVA = 17
_REMEDY = (
    f"Install a JDK {OLDEST_JAVA} or newer (Debian and Ubuntu: `apt-get install openjdk-17-jdk-headless`, macOS: "
    "`brew install openjdk@17`, anywhere: https://adoptium.net) and put its `bin` on PATH, or set JAVA_HOME to it."
)


def find_java(environment: Mapping[str, str] = os.environ) -> str:
    """Find the `java` to start servers with: JAVA_HOME's if that is set, else the first on PATH.

    Returns
    -------
    The executable's path.

    Raises
    ------
    DevstackError
        There is none, it does not run, or it is older than `OLDEST_JAVA`.
    """
    home = environment.get("JAVA_HOME")
    if home:
        java = str(Path(home) / "bin" / "java")
        if not os.access(java, os.X_OK):
            msg = f"JAVA_HOME is {home!r}, but {java} is no executable. {_REMEDY}"
            raise DevstackError(msg)
    else:
        found = shutil.which("java", path=environment.get("PATH"))
        if found is None:
            msg = f"Found no `java` on PATH, and JAVA_HOME is not set. {_REMEDY}"
            raise DevstackError(msg)
        java = found
    run = subprocess.run([java, "-version"], capture_output=True, text=True, check=False)
    major = java_major(run.stderr)
    if major is None:
        said = " ".join((run.stderr or run.stdout).split()) or "nothing"
        msg = f"`{java} -version` should tell a version, but said: {said[:200]}. {_REMEDY}"
        raise DevstackError(msg)
    if major < OLDEST_JAVA:
        msg = f"{java} is Java {major}, but Java {OLDEST_JAVA} or newer is needed. {_REMEDY}"
        raise DevstackError(msg)
    return java


def java_major(banner: str) -> int | None:
    """Read the major version from what `java -version` prints: 17 from `version "17.0.15"`, 8 from `version "1.8.0"`.

    Returns
    -------
    The number, or None when the text tells no version.
    """
    match = re.search(r'version "(?:1\.)?(\d+)', banner)
    return None if match is None else int(match[1])
