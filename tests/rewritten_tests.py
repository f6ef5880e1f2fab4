"""Rewrites the assertions of all test modules once, where several workers of pytest-xdist start in a new clone.

To rewrite and compile them takes 8 s of processor time. Workers that import all modules in the same order would each do
all of it.
"""

import os
from pathlib import Path

import pytest
from _pytest.assertion import rewrite

_TESTS = Path(__file__).resolve().parent


def rewrite_test_modules(config: pytest.Config) -> None:
    """Write the missing modules that pytest would write on import; each worker starts at another one."""
    number = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    if workers == 1:
        return
    modules = sorted(_TESTS.rglob("test_*.py"))
    start = number * len(modules) // workers
    for module in modules[start:] + modules[:start]:
        _rewrite(module, config)


def _rewrite(module: Path, config: pytest.Config) -> None:
    folder = rewrite.get_cache_dir(module)
    target = folder / (module.stem + rewrite.PYC_TAIL)
    if not target.exists() and rewrite.try_makedirs(folder):
        source_hash, code = rewrite._rewrite_test(module, config)
        rewrite._write_pyc(config.stash[rewrite.assertstate_key], code, source_hash, target)
