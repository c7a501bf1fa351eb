"""A library that is hidden from another one is not imported by it, and is there for whoever needs it."""

from __future__ import annotations

import subprocess
import sys

SIGNERS = """
import sys
from cbrn_data.hidden import signers_without_boto3
signers_without_boto3()
assert "boto3" not in sys.modules
from securesystemslib.signer import CryptoSigner
import boto3
"""


def test_signers_come_without_boto3() -> None:
    subprocess.run([sys.executable, "-c", SIGNERS], check=True)
