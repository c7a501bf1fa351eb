"""Settings of the tests of ``tabular``."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from cbrn_data.tabular import kind


@pytest.fixture(scope="package", autouse=True)
def kernels() -> Iterator[None]:
    """Try the kernels, which in use only decide about more cells than the columns of tests have."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kind, "FEW", 0)
        yield
