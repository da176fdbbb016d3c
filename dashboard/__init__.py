"""Parquet files of results become the page that people look at: `python -m dashboard`."""
