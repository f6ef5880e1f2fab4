"""Measurements: each module prints ratios against a peer or a limit in the same run (`python -m bench.NAME`)."""
