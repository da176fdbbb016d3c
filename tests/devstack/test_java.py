from pathlib import Path

import pytest

from devstack.errors import DevstackError
from devstack.java import find_java, java_major


@pytest.mark.parametrize(
    ("banner", "major"),
    [
        ('openjdk version "17.0.15" 2025-04-15', 17),
        ('java version "1.8.0_392"', 8),
        ('openjdk version "21-ea" 2023-09-19', 21),
        ('Picked up JAVA_TOOL_OPTIONS: -Xss1m\nopenjdk version "25" 2025-09-16', 25),
        ("The operation couldn’t be completed. Unable to locate a Java Runtime.", None),
    ],
)
def test_the_major_version_is_read_from_any_vendor_s_banner(banner: str, major: int | None) -> None:
    assert java_major(banner) == major


def fake_java(folder: Path, banner: str) -> Path:
    java = folder / "bin" / "java"
    java.parent.mkdir()
    java.write_text(f"#!/bin/sh\necho '{banner}' >&2\n")
    java.chmod(0o755)
    return java


def test_java_home_comes_before_the_path(tmp_path: Path) -> None:
    java = fake_java(tmp_path, 'openjdk version "17.0.1"')
    assert find_java({"JAVA_HOME": str(tmp_path), "PATH": "/nowhere"}) == str(java)


def test_without_java_home_the_path_decides(tmp_path: Path) -> None:
    java = fake_java(tmp_path, 'openjdk version "21.0.1"')
    assert find_java({"PATH": str(java.parent)}) == str(java)


@pytest.mark.parametrize(
    ("banner", "message"),
    [
        ('java version "1.8.0_392"', "is Java 8, but Java 17 or newer is needed"),
        ('openjdk version "16.0.2"', "is Java 16, but Java 17 or newer is needed"),
        ("no runtime", "should tell a version, but said: no runtime"),
    ],
)
def test_a_java_of_no_use_is_named_with_what_to_do(tmp_path: Path, banner: str, message: str) -> None:
    fake_java(tmp_path, banner)
    with pytest.raises(DevstackError, match=f"{message}.*Install a JDK 17"):
        find_java({"JAVA_HOME": str(tmp_path)})


def test_a_missing_java_is_said_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(DevstackError, match=r"no `java` on PATH, and JAVA_HOME is not set\. Install a JDK 17"):
        find_java({"PATH": str(tmp_path)})


def test_a_wrong_java_home_is_said_rather_than_another_java_taken(tmp_path: Path) -> None:
    with pytest.raises(DevstackError, match=r"JAVA_HOME is .* is no executable"):
        find_java({"JAVA_HOME": str(tmp_path), "PATH": "/usr/bin"})
