"""A library that is hidden from another one is not imported by it, and is there for whoever needs it."""

from __future__ import annotations

import subprocess
import sys

import pytest

SIGNERS = """
import sys
from cbrn_data.hidden import signers_without_boto3
signers_without_boto3()
assert "boto3" not in sys.modules
from securesystemslib.signer import CryptoSigner
import boto3
"""


PANDERA = """
import sys
from cbrn_data.hidden import pandera_without_hypothesis
pandera_without_hypothesis()
import pandas
import pandera.pandas as pandera
assert pandera.Check(lambda texts: texts == "a")(pandas.Series(["a"])).check_passed
assert "hypothesis" not in sys.modules
import hypothesis
"""


PYARROW = """
import sys
from cbrn_data.hidden import pyarrow_without_pandas
pyarrow_without_pandas()
import pyarrow
assert pyarrow.array(["a"]).to_pylist() == ["a"] and "pandas" not in sys.modules
assert pyarrow.array(["a"]).to_pandas().tolist() == ["a"]
"""


@pytest.mark.parametrize("program", [SIGNERS, PANDERA, PYARROW])
def test_it_is_hidden_from_one_library_only(program: str) -> None:
    subprocess.run([sys.executable, "-c", program], check=True)
