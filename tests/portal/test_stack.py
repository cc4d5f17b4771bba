"""A host starts only where nothing else answers in its place."""

from __future__ import annotations

import socket

import pytest
from django.core.management import CommandError, call_command

from audit.timestamping import trust
from core.errors import Conflict
from portal.stack import programs, require_free_ports, trust_local_peers


@pytest.fixture
def taken():
    """A port that something listens on."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        yield server.getsockname()[1]


def free() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_a_port_in_use_is_named_with_the_setting_to_change(taken, settings):
    with pytest.raises(Conflict) as refused:
        require_free_ports(host="127.0.0.1", port=taken, peers=False)
    assert (refused.value.field, str(taken) in str(refused.value)) == ("--port", True)
    settings.SMS_URL = f"http://127.0.0.1:{taken}/"
    with pytest.raises(Conflict) as refused:
        require_free_ports(host="127.0.0.1", port=free(), peers=True)
    assert refused.value.field == "SMS_URL"


def test_free_ports_are_fine(settings):
    settings.SMTP_URL, settings.SMS_URL = f"smtp://127.0.0.1:{free()}", f"http://127.0.0.1:{free()}"
    settings.LOCAL_WITNESS_URL = f"http://127.0.0.1:{free()}"
    settings.LOCAL_AUTHORITY_URL = f"http://127.0.0.1:{free()}"
    assert require_free_ports(host="127.0.0.1", port=free(), peers=True) is None


@pytest.mark.parametrize("command", ["up", "demo"])
def test_nothing_is_started_beside_another_copy(command, taken, monkeypatch, settings):
    settings.EMBEDDED = command == "demo"
    monkeypatch.setattr(f"portal.management.commands.{command}.call_command", lambda *_a, **_k: 0)
    monkeypatch.setattr(f"portal.management.commands.{command}.trust_local_peers", lambda: None)
    with pytest.raises(CommandError, match=str(taken)):
        call_command(command, port=taken)


def test_local_peers_are_trusted_before_they_run(settings, tmp_path):
    settings.KEY_DIR, settings.VAR_DIR = tmp_path / "keys", tmp_path
    settings.LEDGER_TSA_URL = ""
    settings.LOCAL_AUTHORITY_URL = f"http://127.0.0.1:{free()}"
    settings.LOCAL_WITNESS_URL = f"http://127.0.0.1:{free()}"
    trust_local_peers()
    trust_local_peers()  # a second start changes nothing
    asked = trust.asked()
    assert asked is not None
    assert asked.url == f"{settings.LOCAL_AUTHORITY_URL}/"
    assert len(trust.roots()) == len(trust.roots_in(asked.roots)) == 1


def test_peers_run_only_where_they_are_wanted():
    def names(peers: bool) -> set[str]:
        listed = programs(port=1, host="127.0.0.1", workers=1, peers=peers)
        return {program.name for program in listed}

    assert names(True) - names(False) == {"peers", "witness", "authority"}
