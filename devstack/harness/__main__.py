"""`python -m devstack.harness`."""

import sys

from devstack.harness.cli import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
