"""Who may see and who may keep the reviewed things of templates under /api/v1/."""

from __future__ import annotations

from functools import partial

from core.reviewed import api
from core.reviewed.api import VERSION_FIELDS, read, state_field
from core.roles import Capability

SEE = (Capability.TEMPLATES_VIEW,)
KEEP = (Capability.TEMPLATES_REVIEW,)
step_view = partial(api.step_view, capabilities=KEEP)
steps_of = partial(api.steps_of, keep=KEEP, decide=KEEP)

__all__ = ["KEEP", "SEE", "VERSION_FIELDS", "read", "state_field", "step_view", "steps_of"]
