"""Sealed files: read as written, from anywhere, and nothing of them can be changed unnoticed."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core import crypto
from core.crypto import SealBroken
from core.sealedfile import CHUNK, SealedPath, write_sealed

SIZES = [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK, 3 * CHUNK + 5]


def sealed(path: Path, content: bytes, *, step: int = 10_000) -> SealedPath:
    key = crypto.new_key()
    with path.open("wb") as out:
        pieces = (content[at : at + step] for at in range(0, len(content), step))
        assert write_sealed(out, key, pieces) == len(content)
    return SealedPath(path, key)


@pytest.mark.parametrize("size", SIZES)
def test_what_is_written_is_read(tmp_path: Path, size: int) -> None:
    content = bytes(number % 251 for number in range(size))
    file = sealed(tmp_path / "f", content)
    with file.open() as plain:
        assert plain.read() == content
    assert file.size() == size
    assert size < 20 or content not in file.path.read_bytes()


@settings(max_examples=60, deadline=None)
@given(places=st.lists(st.tuples(st.integers(0, 3 * CHUNK + 50), st.integers(0, CHUNK + 9))))
def test_it_is_read_from_anywhere(tmp_path_factory, places) -> None:
    content = bytes(number % 251 for number in range(3 * CHUNK + 5))
    file = sealed(tmp_path_factory.mktemp("s") / "f", content)
    with file.open() as plain:
        for at, count in places:
            plain.seek(at)
            assert plain.read(count) == content[at : at + count]
        plain.seek(-7, io.SEEK_END)
        assert plain.read() == content[-7:]


def read_all(file: SealedPath) -> bytes:
    with file.open() as plain:
        return plain.read()


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_any_changed_byte_is_noticed(tmp_path_factory, data) -> None:
    file = sealed(tmp_path_factory.mktemp("s") / "f", b"z" * (CHUNK + 100))
    raw = bytearray(file.path.read_bytes())
    raw[data.draw(st.integers(0, len(raw) - 1))] ^= data.draw(st.integers(1, 255))
    file.path.write_bytes(raw)
    with pytest.raises(SealBroken):
        read_all(file)


def test_chunks_cannot_be_cut_off_swapped_or_added(tmp_path: Path) -> None:
    content = bytes(number % 251 for number in range(3 * CHUNK))
    file = sealed(tmp_path / "f", content)
    raw = file.path.read_bytes()
    head, size = 24, CHUNK + 16
    chunks = [raw[head + size * n : head + size * (n + 1)] for n in range(3)]
    for forged in (
        raw[: head + 2 * size],
        raw[:-1],
        raw[:head] + chunks[1] + chunks[0] + chunks[2],
        raw + chunks[2],
        raw[:head],
        b"",
    ):
        file.path.write_bytes(forged)
        with pytest.raises(SealBroken):
            read_all(file)


def test_another_key_opens_nothing(tmp_path: Path) -> None:
    file = sealed(tmp_path / "f", b"secret")
    with pytest.raises(SealBroken):
        read_all(SealedPath(file.path, crypto.new_key()))
    assert repr(file.key) not in repr(file)
