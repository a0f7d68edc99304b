"""What every test of this project gets."""

import os

from hypothesis import settings

from tests.harness.coroutines import pytest_pyfunc_call

__all__ = ["pytest_pyfunc_call"]

settings.register_profile("quick", max_examples=50, deadline=None)
settings.register_profile("deep", max_examples=2000, deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))
