"""What Labelpass costs, next to what the same work costs otherwise: `python benchmarks/run.py`."""
