"""What Managed Flink starts: `main.py` of its zip.

Flink puts `dep/` on the path of this process and of the Python workers; the packages are there, this file is not.
"""

import sys

from flink_job.__main__ import main

if __name__ == "__main__":
    sys.exit(main())
