"""The embedded PostgreSQL: starts with the first lease, stops with the last."""

from __future__ import annotations

import subprocess
import sys
import textwrap

import psycopg
import pytest

from core.database import provision
from core.embedded import APP_ROLE, OWNER_ROLE, EmbeddedPostgres


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    server = EmbeddedPostgres(
        tmp_path_factory.mktemp("pg"), settings={"fsync": "off", "shared_buffers": "16MB"}
    )
    yield server
    server.stop()


def test_the_last_lease_stops_the_server(server):
    with server.lease():
        with server.lease():
            assert server.running()
        assert server.running()
        with psycopg.connect(server.url()) as db:
            assert db.execute("SHOW listen_addresses").fetchone() == ("",)
    assert not server.running()


def test_another_process_keeps_the_server_up(server):
    program = textwrap.dedent(
        f"""
        import sys
        from pathlib import Path
        from core.embedded import EmbeddedPostgres
        with EmbeddedPostgres(Path({str(server.directory)!r})).lease():
            print("leased", flush=True)
            sys.stdin.read()
        """
    )
    with server.lease():
        other = subprocess.Popen(
            [sys.executable, "-c", program],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert other.stdout.readline() == "leased\n"
    assert server.running()
    other.communicate()
    assert other.returncode == 0
    assert not server.running()


def test_a_long_path_gets_a_short_socket(tmp_path):
    server = EmbeddedPostgres(tmp_path / ("d" * 100))
    assert len(str(server.socket_dir)) < 90
    assert EmbeddedPostgres(tmp_path / "d").socket_dir == tmp_path / "d"


def test_provisioning_twice_is_harmless_and_keeps_roles_apart(server):
    with server.lease():
        for _ in range(2):
            provision(server.url(), database="twice")
        with psycopg.connect(
            server.url(user=OWNER_ROLE, database="twice"), autocommit=True
        ) as owner:
            owner.execute("CREATE TABLE t (x int)")
        with psycopg.connect(server.url(user=APP_ROLE, database="twice"), autocommit=True) as app:
            app.execute("INSERT INTO t VALUES (1)")
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                app.execute("DROP TABLE t")
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                app.execute("CREATE TABLE u (x int)")
