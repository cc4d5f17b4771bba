"""Settings from the environment."""

from __future__ import annotations

import pytest

from portal import env


@pytest.mark.parametrize(("raw", "meant"), [("1", True), ("Yes", True), ("off", False), ("", True)])
def test_flags_are_read_as_people_write_them(monkeypatch, raw, meant):
    monkeypatch.setenv("A_FLAG", raw)
    assert env.flag("A_FLAG", default=True) is meant


def test_a_flag_that_says_neither_is_refused_by_name(monkeypatch):
    monkeypatch.setenv("A_FLAG", "perhaps")
    with pytest.raises(ValueError, match="A_FLAG"):
        env.flag("A_FLAG")


def test_a_database_url_becomes_a_django_database():
    entry = env.database("postgresql://app:p%40ss@db.example.com:6432/vouchsafe?sslmode=require")
    assert entry["USER"] == "app"
    assert entry["PASSWORD"] == "p@ss"
    assert (entry["HOST"], entry["PORT"], entry["NAME"]) == ("db.example.com", "6432", "vouchsafe")
    assert entry["OPTIONS"]["sslmode"] == "require"


def test_another_database_engine_is_refused():
    with pytest.raises(ValueError, match="postgresql"):
        env.database("mysql://root@localhost/x")


def test_statements_are_prepared_unless_a_pooler_forbids_it():
    plain = env.database("postgresql://app@db.example.com/vouchsafe")
    pooled = env.database("postgresql://app@db.example.com/vouchsafe?prepared=off")
    assert plain["OPTIONS"] == {"prepare_threshold": env.ON_REQUEST}
    assert pooled["OPTIONS"] == {}


def test_an_external_server_replaces_the_embedded_one(monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgresql://app@db.example.com/vouchsafe")
    assert env.embedded_server() is None
    monkeypatch.delenv("DATABASE_URL")
    assert env.embedded_server() is not None
