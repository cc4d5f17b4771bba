"""Providers for tests of comms."""

from __future__ import annotations

from typing import Any

import pytest

from comms.channels import base
from tests.comms.scripted import ScriptedChannel


@pytest.fixture
def null_providers(settings: Any) -> None:
    """Every channel over the provider that accepts everything."""
    settings.CHANNEL_PROVIDERS = {
        channel: [{"name": f"null-{channel}", "kind": "null"}]
        for channel in ("sms", "email", "inbox")
    }


@pytest.fixture
def sms(settings: Any, null_providers: None) -> ScriptedChannel:
    """SMS over a provider whose answers the test writes; the others accept everything."""
    settings.CHANNEL_PROVIDERS = {
        **settings.CHANNEL_PROVIDERS,
        "sms": [{"name": "scripted", "kind": "scripted"}],
    }
    provider = base.provider("sms")
    assert isinstance(provider, ScriptedChannel)
    return provider
