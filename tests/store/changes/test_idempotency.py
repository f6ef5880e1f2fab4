"""Digests of inputs: they tell operations and inputs apart, and are equal after a restart."""

import subprocess
import sys

from domain.partner.settings import ChangeSettings
from domain.partner.tags import CreateTag, TagColor, UpdateTag
from store.changes.idempotency import input_digest

TAG = CreateTag(name="Gold", color=TagColor.RED, description="é\ud800")


def test_equal_inputs_have_one_digest() -> None:
    again = CreateTag(description="é\ud800", color=TagColor("RED"), name="Gold")
    assert input_digest("create_tag", TAG) == input_digest("create_tag", again)


def test_another_operation_or_value_has_another_digest() -> None:
    inputs = [
        UpdateTag(id="tag_1", version=1),
        UpdateTag(id="tag_1", version=2),
        UpdateTag(id="tag_1", version=1, name="Gold"),
        UpdateTag(id="tag_1", version=1, description="Gold"),
        UpdateTag(id="tag_1", version=1, description=None),
        UpdateTag(id="tag_1", version=1, description=""),
        UpdateTag(id="tag_1", version=1, name=None),
        ChangeSettings(),
        ChangeSettings(trial_days=1),
        ChangeSettings(expiring_soon_days=1),
    ]
    digests = [input_digest(operation, input) for input in inputs for operation in ("one", "two")]
    assert len(set(digests)) == len(digests)


def test_another_process_computes_the_same_digest() -> None:
    code = (
        "from domain.partner.tags import *; from store.changes.idempotency import input_digest;"
        "print(input_digest('create_tag', CreateTag(name='Gold', color=TagColor.RED, description='\\u00e9\\ud800')))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env={"PYTHONHASHSEED": "7"}
    )
    assert done.stdout.strip() == input_digest("create_tag", TAG)
