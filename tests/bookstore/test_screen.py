import io

import pytest

from bookstore.screen import Screen


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_on_a_terminal_changing_lines_are_replaced_and_scrolling_lines_pass_above_them() -> None:
    stream, clock = Terminal(), Clock()
    screen = Screen(stream, clock)
    screen.refresh(lambda: ["one", "two"], lambda: "never")
    screen.say("alert")
    screen.refresh(lambda: ["three"], lambda: "never")
    screen.keep(["end"])
    assert stream.getvalue() == "one\ntwo\n\x1b[2F\x1b[Jalert\nthree\n\x1b[1F\x1b[Jend\n"


def test_a_terminal_is_redrawn_at_most_five_times_a_second() -> None:
    stream, clock = Terminal(), Clock()
    screen = Screen(stream, clock)
    for tick in range(11):
        clock.now = 100.0 + tick / 10
        screen.refresh(lambda: [f"line at {clock.now}"], lambda: "never")
    assert 4 <= stream.getvalue().count("line") <= 6


def test_lines_that_did_not_change_are_left_alone() -> None:
    stream, clock = Terminal(), Clock()
    screen = Screen(stream, clock)
    for _ in range(3):
        clock.now += 1
        screen.refresh(lambda: ["same"], lambda: "never")
    assert stream.getvalue() == "same\n"


def test_a_line_too_wide_for_the_terminal_is_cut_because_a_wrapped_one_could_not_be_erased(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", "10")
    stream = Terminal()
    Screen(stream, Clock()).refresh(lambda: ["x" * 50], lambda: "never")
    assert stream.getvalue() == "x" * 9 + "\n"


def test_without_a_terminal_there_is_no_control_code_and_a_summary_every_ten_seconds() -> None:
    stream, clock = io.StringIO(), Clock()
    screen = Screen(stream, clock)
    for tick in range(25):
        clock.now = 100.0 + tick
        screen.refresh(lambda: ["never"], lambda: f"after {clock.now - 100:.0f} seconds")
    screen.say("alert")
    screen.keep(["table"])
    assert stream.getvalue() == "after 10 seconds\nafter 20 seconds\nalert\ntable\n"
