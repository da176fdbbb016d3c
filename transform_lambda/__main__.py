"""`python -m transform_lambda`: results to Parquet by hand."""

import sys

from transform_lambda.cli import main

if __name__ == "__main__":
    sys.exit(main())
