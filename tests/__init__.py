"""The tests, and what their processes have in common."""

import gc
import os
import sys

# Schemas, pages and graphs are millions of objects that live for a test or longer: looking for cycles among them as often as
# Python does by itself takes a sixth of the processor's time.
gc.set_threshold(100_000, 50, 100)

# A hundred processes start here: what they import is compiled once, and so are the tests, whatever is usual on this machine.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# A publication waits 300 times for the disk, which only a machine that dies would tell. What it would lose,
# tests/store/test_store_crash.py takes away by hand.
os.fsync = lambda fd: None
