from __future__ import annotations

from hypothesis import settings
from support.everywhere import EVERYWHERE

settings.register_profile("ci", deadline=None, max_examples=30)  # a busy machine is no failure
settings.register_profile("everywhere", deadline=None)
settings.load_profile("everywhere" if EVERYWHERE else "ci")
