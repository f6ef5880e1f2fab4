"""One sample partner for all tests of this folder, in all workers: to generate it takes seven seconds."""

import fcntl
import os

import pytest

from sample.writer import write_sample
from tests.sample.test_sample import CUSTOMERS, DAY, Sample, read


@pytest.fixture(scope="session")
def partner(tmp_path_factory: pytest.TempPathFactory) -> Sample:
    """Return the records of a partner of 1,000 customers."""
    base = tmp_path_factory.getbasetemp()
    # The folder of a worker of xdist is in that of the run.
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "sample"
    folder.mkdir(exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        paths = sorted(folder.glob("*.*"))
        return read(paths or write_sample(folder, CUSTOMERS, 1, DAY))
