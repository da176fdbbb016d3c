"""What an import costs, told by what it loads."""

import subprocess
import sys


def loaded_by(*modules: str) -> set[str]:
    """Import modules in a fresh process, and list all that is loaded then, packages and submodules."""
    program = f"import sys, {', '.join(modules)}; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return set(done.stdout.split())
