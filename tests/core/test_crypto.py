"""Sealing, searchable hashes and key files."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import crypto
from core.errors import Misconfigured


@given(st.binary(max_size=200), st.binary(max_size=40))
def test_what_is_sealed_opens_only_under_its_key_and_context(plaintext, context):
    key = crypto.new_key()
    sealed = crypto.seal(key, plaintext, context=context)
    assert crypto.unseal(key, sealed, context=context) == plaintext
    with pytest.raises(crypto.SealBroken):
        crypto.unseal(crypto.new_key(), sealed, context=context)
    with pytest.raises(crypto.SealBroken):
        crypto.unseal(key, sealed, context=context + b"x")


@given(st.binary(min_size=1, max_size=40), st.data())
def test_any_altered_byte_is_noticed(plaintext, data):
    key = crypto.new_key()
    sealed = bytearray(crypto.seal(key, plaintext, context=b""))
    place = data.draw(st.integers(0, len(sealed) - 1))
    sealed[place] ^= data.draw(st.integers(1, 255))
    with pytest.raises(crypto.SealBroken):
        crypto.unseal(key, bytes(sealed), context=b"")


def test_the_same_text_sealed_twice_looks_different():
    key = crypto.new_key()
    assert crypto.seal(key, b"x", context=b"") != crypto.seal(key, b"x", context=b"")


def test_a_blind_index_finds_equals_and_separates_purposes():
    assert crypto.blind_index("phone", "+8619900000001") == crypto.blind_index(
        "phone", "+8619900000001"
    )
    assert crypto.blind_index("phone", "a") != crypto.blind_index("email", "a")


def test_a_blind_index_cannot_be_guessed_without_the_key(settings, tmp_path):
    before = crypto.blind_index("phone", "+8619900000001")
    settings.KEY_DIR = tmp_path
    crypto.create_key_file("index-key")
    crypto.forget_cached_keys()
    try:
        assert crypto.blind_index("phone", "+8619900000001") != before
    finally:
        crypto.forget_cached_keys()


def test_key_files_are_private_and_kept(settings, tmp_path):
    settings.KEY_DIR = tmp_path / "keys"
    path = crypto.create_key_file("kek")
    first = path.read_bytes()
    assert path.stat().st_mode & 0o077 == 0
    assert crypto.create_key_file("kek").read_bytes() == first
    assert crypto.load_key("kek") == base64.b64decode(first)


def test_a_missing_or_short_key_is_named(settings, tmp_path, monkeypatch):
    settings.KEY_DIR = tmp_path
    with pytest.raises(Misconfigured, match="kek"):
        crypto.load_key("kek")
    monkeypatch.setenv("VOUCHSAFE_KEK", base64.b64encode(b"short").decode())
    with pytest.raises(Misconfigured, match="32 bytes"):
        crypto.load_key("kek")
