"""The progress line, for people only."""

import io

from anomaly.cli.progress import Progress, progress_line


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_the_line_shows_rows_speed_and_share() -> None:
    assert progress_line(12_345, 10.0, 0.456) == "12,345 rows  1,234 rows/s  46 %"
    assert progress_line(12_345, 10.0, None) == "12,345 rows  1,234 rows/s"


def test_the_first_line_explains_the_wait() -> None:
    assert "compiles" in progress_line(0, 0.0, None)


def test_a_terminal_gets_a_line_that_is_removed_at_the_end() -> None:
    terminal = Terminal()
    progress = Progress(terminal, 200)
    progress.show(5, 100)
    progress.show(6, 110)  # too soon after the first
    progress.clear()
    assert terminal.getvalue().startswith("\r\x1b[K5 rows")
    assert "50 %" in terminal.getvalue()
    assert "K6 rows" not in terminal.getvalue()
    assert terminal.getvalue().endswith("\r\x1b[K")


def test_what_is_no_terminal_gets_nothing() -> None:
    file = io.StringIO()
    for stream in (file, None):
        progress = Progress(stream, None)
        progress.show(5, 0)
        progress.clear()
    assert file.getvalue() == ""
