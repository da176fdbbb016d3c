"""Take the documentation's pictures of the dashboard: `python tests/dashboard/take_screenshots.py`."""

import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parents[2]))

from browsing import Browsing, launched_chromium
from result_files import bookstore_rows, write
from result_pages import build

IMAGES = Path(__file__).parents[2] / "docs" / "images"


def main() -> None:
    """Two weeks of the bookstore: in light, in dark at an alert, on a phone."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as folder,
        launched_chromium() as browser,
        Browsing(browser) as browsing,
    ):
        url = build(write(Path(folder) / "results", bookstore_rows()), Path(folder) / "page.html")
        page = browsing.open(url)
        page.screenshot(path=IMAGES / "dashboard-light.png")
        page = browsing.open(url, color_scheme="dark")
        page.locator(".alert").nth(2).click()
        page.wait_for_timeout(500)
        page.screenshot(path=IMAGES / "dashboard-dark.png")
        page = browsing.open(url, width=390, height=844, is_mobile=True, has_touch=True, device_scale_factor=2)
        page.screenshot(path=IMAGES / "dashboard-phone.png")


if __name__ == "__main__":
    main()
