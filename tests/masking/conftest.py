"""No test here may fail for being slow: a deadline would time assertions on a shared machine."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("without-deadline", deadline=None)
settings.load_profile("without-deadline")
