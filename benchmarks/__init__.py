"""The figures promised in design/quality.md, measured: `make bench`, or `python -m benchmarks creneaux`."""
