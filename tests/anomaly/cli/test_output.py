"""Writing results: whole or not there, never over the input."""

import gzip
import io
import os
import stat
from pathlib import Path

import pytest

from anomaly.cli.command_errors import CommandError
from anomaly.cli.output import open_output

NOTHING = io.BytesIO()


def test_a_file_appears_only_when_it_is_whole(tmp_path: Path) -> None:
    target = tmp_path / "out.csv"
    with open_output(target, NOTHING) as output:
        output.write("a\n")
        assert not target.exists()
        output.write("é\n")
    assert target.read_text(encoding="utf-8") == "a\né\n"
    assert [path.name for path in tmp_path.iterdir()] == ["out.csv"]


@pytest.mark.parametrize("error", [CommandError("bad row"), KeyboardInterrupt()])
def test_after_an_error_the_old_file_stands_and_nothing_is_left_beside_it(tmp_path: Path, error: BaseException) -> None:
    target = tmp_path / "out.csv"
    target.write_text("old\n")

    def fail() -> None:
        with open_output(target, NOTHING) as output:
            output.write("half\n")
            raise error

    with pytest.raises(type(error)):
        fail()
    assert target.read_text() == "old\n"
    assert [path.name for path in tmp_path.iterdir()] == ["out.csv"]


def test_a_file_that_is_replaced_keeps_its_permissions_and_a_link_stays_a_link(tmp_path: Path) -> None:
    target, link = tmp_path / "out.csv", tmp_path / "link.csv"
    target.write_text("old\n")
    target.chmod(0o640)
    link.symlink_to(target)
    with open_output(link, NOTHING) as output:
        output.write("new\n")
    assert link.is_symlink()
    assert target.read_text() == "new\n"
    assert stat.S_IMODE(target.stat().st_mode) == 0o640


def test_a_name_that_ends_in_gz_is_packed_the_same_way_every_time(tmp_path: Path) -> None:
    packed = []
    for name in ("a.csv.gz", "b.csv.gz"):
        with open_output(tmp_path / name, NOTHING) as output:
            output.write("a\n")
        packed.append((tmp_path / name).read_bytes())
    assert gzip.decompress(packed[0]) == b"a\n"
    assert packed[0] == packed[1]


def test_a_device_is_written_to_and_not_replaced(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        with open_output(pipe, NOTHING) as output:
            output.write("a\n")
            assert os.read(reader, 10) == b"a\n"
    finally:
        os.close(reader)
    assert stat.S_ISFIFO(pipe.stat().st_mode)


@pytest.mark.parametrize("name", ["in.csv", "link.csv", "sub/../in.csv"])
def test_the_input_is_never_the_output(tmp_path: Path, name: str) -> None:
    source = tmp_path / "in.csv"
    source.write_text("precious\n")
    (tmp_path / "sub").mkdir()
    (tmp_path / "link.csv").symlink_to(source)
    with (
        source.open("rb") as stream,
        pytest.raises(CommandError, match="is the input file itself; write the results to another file"),
        open_output(tmp_path / name, stream),
    ):
        pytest.fail("opened")
    assert source.read_text() == "precious\n"


def test_a_place_that_cannot_be_written_is_refused_with_the_reason(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for target, message in [
        (tmp_path, "is a folder; give a file's name"),
        (tmp_path / "no" / "out.csv", "there is no folder .*no; make it first"),
        (tmp_path / "file" / "out.csv", "Not a directory"),
        (tmp_path / ("x" * 300), "File name too long"),
    ]:
        with pytest.raises(CommandError, match=message), open_output(target, NOTHING):
            pytest.fail("opened")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_is_told_in_one_line() -> None:
    with (
        pytest.raises(CommandError, match="can't write /dev/full: No space left on device"),
        open_output(Path("/dev/full"), NOTHING) as output,
    ):
        output.write("a\n")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_or_file_without_permission_is_refused(tmp_path: Path) -> None:
    locked = tmp_path / "locked"
    locked.mkdir(mode=0o500)
    mine = tmp_path / "mine.csv"
    mine.write_text("old\n")
    mine.chmod(0o400)
    for target in (locked / "out.csv", mine):
        with pytest.raises(CommandError, match="Permission denied"), open_output(target, NOTHING):
            pytest.fail("opened")
