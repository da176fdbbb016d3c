"""How well alerts and scores agree with what people labelled: `python -m benchmarks quality`."""
