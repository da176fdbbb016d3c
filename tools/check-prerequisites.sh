#!/bin/sh
# Prints the path of a suitable Python, or says on stderr everything that is missing and how to get it, and fails.
# PYTHON=/path/to/python and JAVA_HOME=/path/to/jdk choose; else the first that fits is taken from PATH.
set -u

problems=0
problem() {
    [ "$problems" -eq 0 ] && echo "Cannot start: something that this project needs is missing." >&2
    problems=1
    echo "- $1" >&2
}

how_to_get() { # Debian/Ubuntu package, Homebrew formula
    echo "Debian or Ubuntu: sudo apt install $1; macOS: brew install $2"
}

suits() {
    "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 12))' 2>/dev/null
}

python=
for candidate in ${PYTHON:-python3.12 python3.11 python3 python}; do
    found=$(command -v "$candidate") || continue
    if suits "$found"; then
        python=$found
        break
    fi
done
if [ -z "$python" ]; then
    seen=$(${PYTHON:-python3} --version 2>&1) || seen=none
    problem "Python 3.11 or 3.12: found $seen. $(how_to_get 'python3.12 python3.12-venv' python@3.12). Or name one: make PYTHON=/path/to/python3.12 ..."
elif ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    problem "Python's venv module: $python comes without it. $(how_to_get python3-venv python@3.12)"
fi

if [ -n "${JAVA_HOME:-}" ]; then java_bin=$JAVA_HOME/bin/; else java_bin=; fi
if ! javac_version=$("${java_bin}javac" -version 2>&1); then
    problem "a Java development kit (JDK) 17: found no ${java_bin}javac. $(how_to_get openjdk-17-jdk-headless openjdk@17)"
else
    major=$(echo "$javac_version" | sed -n 's/^javac \([0-9]*\).*/\1/p' | head -n 1)
    if [ "${major:-0}" -lt 17 ]; then
        problem "a Java development kit (JDK) 17: found $javac_version. $(how_to_get openjdk-17-jdk-headless openjdk@17), or set JAVA_HOME"
    fi
fi

if ! command -v mvn >/dev/null 2>&1; then
    problem "Maven 3.6.3 or later: found none. $(how_to_get maven maven)"
elif maven=$(mvn -v 2>&1 | grep -o 'Apache Maven [0-9.]*'); then
    oldest=$(printf '%s\n' "Apache Maven 3.6.3" "$maven" | sort -V | head -n 1)
    [ "$oldest" = "Apache Maven 3.6.3" ] || problem "Maven 3.6.3 or later: found $maven. $(how_to_get maven maven)"
fi

[ "$problems" -eq 0 ] || exit 1
echo "$python"
