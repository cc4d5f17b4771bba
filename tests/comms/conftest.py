"""Providers for tests of comms."""

from __future__ import annotations

import pytest

from comms.channels import base


@pytest.fixture
def null_providers(settings):
    """Every channel over the provider that accepts everything."""
    settings.CHANNEL_PROVIDERS = {
        channel: [{"name": f"null-{channel}", "kind": "null"}]
        for channel in ("sms", "email", "inbox")
    }
    base.provider.cache_clear()
    yield
    base.provider.cache_clear()
