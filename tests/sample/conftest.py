"""The sample partner of 2,000 customers, created once for the folder: it takes five seconds."""

import pytest

from tests.sample.test_sample import Sample, make


@pytest.fixture(scope="package")
def partner(tmp_path_factory: pytest.TempPathFactory) -> Sample:
    return make(tmp_path_factory.mktemp("sample"), 2_000)
