"""Visitors of the pages of comms, and what they must not see."""

from __future__ import annotations

from django.test import Client

from audit import sealing
from core.roles import Role
from investors import vault
from investors.models import Investor
from tests.builders import make_line, make_user
from tests.core.builders import sign_in


def visitor(role: Role = Role.AUDITOR, code: str = "retail", **options: bool) -> Client:
    """Somebody with `role` in the business line `code`, signed in."""
    return sign_in(Client(), make_user(role, lines=[make_line(code, code.title())]), **options)


def ref_of(investor: Investor) -> str:
    """The customer number of `investor` in the clear."""
    return vault.open_profile(sealing.key_of(investor.pk), bytes(investor.profile)).ref
