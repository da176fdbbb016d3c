"""Lets the tests of the page import the modules that stand beside them, and makes what they share."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from histories import products, write_page

from anomaly.page import SeriesHistory


@pytest.fixture(scope="session")
def sales() -> list[SeriesHistory]:
    """Three days of two products, with the detector's real scores."""
    return products()


@pytest.fixture(scope="session")
def shop(sales: list[SeriesHistory], tmp_path_factory: pytest.TempPathFactory) -> str:
    """Their page as one file."""
    return write_page(tmp_path_factory.mktemp("shop") / "page.html", *sales)
