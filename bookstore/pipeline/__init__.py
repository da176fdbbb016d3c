"""The bookstore's whole path on one machine: what runs, how it is configured, and what has arrived where.

`configuration.py` decides what runs; `source.py`, `archive.py` and `alerting.py` are programs that run the functions in
the harness; `provision.py` makes what they need; `flow.py` and `inbox.py` look at what came of it.
"""
