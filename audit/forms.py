"""What forms of the audit pages share."""

from __future__ import annotations

from audit.browsing.forms import start_of as start_of
