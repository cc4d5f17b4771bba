"""The overview, the search over everything, and the pages of the shell."""

from __future__ import annotations
