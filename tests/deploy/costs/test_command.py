"""`python -m deploy cost` as its user meets it."""

import json
import re
from pathlib import Path

import pytest

from deploy.cli import main
from deploy.costs.prices import AS_OF, PRICES
from deploy.costs.sizing import Measured


class Run:
    def __init__(self, capture: pytest.CaptureFixture[str]) -> None:
        self._capture = capture

    def __call__(self, *arguments: str) -> str:
        assert main(["cost", *arguments]) == 0
        return self._capture.readouterr().out

    def refusal(self, *arguments: str) -> str:
        with pytest.raises(SystemExit, match="2"):
            main(["cost", *arguments])
        out, err = self._capture.readouterr()
        assert (out, err.count("\n")) == ("", 1)
        return err


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    return Run(capsys)


def test_the_bill_ends_with_its_total_and_says_what_decides(run: Run) -> None:
    text = run("--series", "1000000", "--period", "1m", "--no-ingest")
    amounts = [line.replace("*", "").split()[-1] for line in text.split("\n\n")[1].splitlines()]
    usd = [float(amount.replace(",", "")) for amount in amounts]

    assert usd[-2] == pytest.approx(sum(usd[:-2]), abs=0.2)
    assert usd[-1] == pytest.approx(usd[-2] / 43_800, abs=0.01)
    assert "19 KPUs, because of memory:" in text
    assert "1,000,000 series × 11 KB / 0.6 GB for Python a KPU = 18.33" in text
    assert max(map(len, text.splitlines())) <= 160


def test_explained_every_line_is_followed_by_its_formula(run: Run) -> None:
    text = run("--series", "2", "--period", "1 min", "--explain")

    assert (
        "brokers                                           446.76\n    3 brokers × 730 h × $0.204 per broker-hour"
        in text
    )


def test_as_json_it_is_the_same_bill(run: Run) -> None:
    told = json.loads(run("--series", "50,000", "--period", "5m", "--json"))

    assert told["usd_per_month"] == pytest.approx(sum(line["usd_per_month"] for line in told["lines"]))
    assert told["needs"][told["because_of"]]["kpus"] == told["kpus"]
    assert told["points_per_month"] == pytest.approx(50_000 * 730 * 12)
    assert {line["service"] for line in told["alternatives"]} == {"CloudWatch", "Datadog", "OpenSearch Service"}


def test_ones_own_price_is_reckoned_with(run: Run) -> None:
    told = json.loads(run("--series", "2", "--period", "1h", "--price", "kpu_hour=0.2", "--json"))

    assert told["lines"][0]["usd_per_month"] == pytest.approx(146)


def test_lines_with_a_price_that_nobody_verified_are_marked(run: Run) -> None:
    marked = [line for line in run("--series", "2", "--period", "1m").splitlines() if line.endswith(" *")]

    assert any(line.startswith("Firehose") for line in marked)
    assert not any(line.startswith("Managed Flink") for line in marked)


def test_the_table_of_prices_can_be_read(run: Run) -> None:
    lines = run("--prices").splitlines()

    assert [line.split()[0] for line in lines[:-1]] == list(PRICES)
    assert lines[-1].startswith("US dollars, us-east-1, looked through on 20")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "python -m deploy cost: --series and --period are needed, such as --series 1000 --period 1m"),
        (["--series", "0", "--period", "1m"], "argument --series: expected a whole number from 1, got '0'"),
        (["--series", "1.5", "--period", "1m"], "expected a whole number from 1, got '1.5'"),
        (
            ["--series", "1", "--period", "1"],
            "expected a duration from 1 s to 7 d, such as 30 s, 1 min or 1 h; got '1'",
        ),
        (["--series", "1", "--period", "1 month"], "expected a duration from 1 s to 7 d"),
        (["--series", "1", "--period", "0.5s"], "such as 30 s, 1 min or 1 h; got '0.5s'"),
        (["--series", "1", "--period", "8d"], "such as 30 s, 1 min or 1 h; got '8d'"),
        (["--series", "1", "--period", "1m", "--events-per-point", "0.5"], "a period without events has no point"),
        (["--series", "1", "--period", "1m", "--kpu-points-per-second", "nan"], "expected a number over 0, got 'nan'"),
        (["--series", "1", "--period", "1m", "--region", "eu-west-1"], "the table has prices of us-east-1 only"),
        (["--price", "kpu=1"], "there is no price 'kpu'; --prices lists them"),
        (["--price", "kpu_hour=cheap"], "expected kpu_hour=USD, such as kpu_hour=0.12, got 'kpu_hour=cheap'"),
        (["--msk", "none"], "argument --msk: invalid choice: 'none'"),
    ],
)
def test_what_cannot_be_reckoned_ends_with_one_line_that_says_why(run: Run, arguments: list[str], message: str) -> None:
    assert message in run.refusal(*arguments)


def test_help_names_every_option_and_fits_the_screen(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        main(["cost", "--help"])
    text = capsys.readouterr().out

    assert "python -m deploy cost --series 2 --period 1m" in text
    assert max(map(len, text.splitlines())) <= 120


def test_the_table_in_the_documentation_is_what_the_command_says(run: Run) -> None:
    text = (Path(__file__).parents[3] / "docs" / "costs.md").read_text()
    rows = re.findall(r"^\| ([\d,]+) \| 1 min \| (\d+) \| .*? \| ([\d,]+) \| ([\d,]+) \| (.*) \|$", text, re.M)

    assert len(rows) == 5
    for series, kpus, flink, total, others in rows:
        told = json.loads(run("--series", series, "--period", "1m", "--no-ingest", "--json"))
        assert told["kpus"] == int(kpus)
        assert round((told["kpus"] + 1) * 730 * 0.11) == number(flink)
        assert told["usd_per_month"] == pytest.approx(number(total), abs=0.5)
        assert [line["usd_per_month"] for line in told["alternatives"]] == pytest.approx(
            [number(other) for other in others.split(" | ")], abs=0.5
        )


def test_the_prices_in_the_documentation_are_those_of_the_table() -> None:
    text = (Path(__file__).parents[3] / "docs" / "costs.md").read_text()
    prices = {price.usd for price in PRICES.values()}
    quoted = re.search(r"^\| price \|.*?\n\n", text, re.M | re.S)

    assert AS_OF in text
    assert quoted is not None
    assert {float(usd) for usd in re.findall(r"\b0\.\d+", quoted[0])} <= prices
    for name in ("point_us", "event_us"):
        assert f"{getattr(Measured(), name):,g} µs" in text
    assert f"{Measured().python_gb:,g} GB" in text
    for name in ("model_bytes", "state_bytes"):
        assert f"{getattr(Measured(), name) / 1e3:,g} KB" in text


def number(text: str) -> float:
    return float(text.replace(",", ""))
