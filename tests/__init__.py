"""All tests. Python writes compiled files even where the environment forbids it.

Otherwise each worker compiles all tests, and each process that a test starts compiles the program: 15 s for a worker.
"""

import os
import sys

sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
