"""`python -m deploy.package`, the same as ``python -m deploy package``."""

import sys

from deploy.package.command import main

if __name__ == "__main__":
    sys.exit(main())
