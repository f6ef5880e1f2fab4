"""The sum of what has not arrived completely."""

from server.limits.unfinished_bytes import FREE_BYTES, MAX_BYTES, UnfinishedBytes, UnfinishedPart


def test_the_first_bytes_of_each_part_are_free() -> None:
    everyone = UnfinishedBytes()
    large, small = UnfinishedPart(everyone), UnfinishedPart(everyone)
    assert large.resize(FREE_BYTES + MAX_BYTES)
    assert small.resize(FREE_BYTES)
    assert not small.resize(FREE_BYTES + 1)
    large.resize(0)
    assert small.resize(FREE_BYTES + 1)
    small.resize(0)
    assert everyone.total == 0
