"""Lets the tests of the dashboard import the modules that they share, and makes what they share."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
