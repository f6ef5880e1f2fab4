"""One sample partner for all tests of this folder: to generate it takes some seconds."""

import pytest

from tests.sample.test_sample import CUSTOMERS, Sample, make


@pytest.fixture(scope="session")
def partner(tmp_path_factory: pytest.TempPathFactory) -> Sample:
    """Return the records of a partner of 1,000 customers."""
    return make(tmp_path_factory.mktemp("sample"), CUSTOMERS)
