"""Lets `python -m anomaly` do what the command `anomaly` does."""

import sys

from anomaly.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
