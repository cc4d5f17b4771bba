"""The embedded broker hands out whole messages, each to one reader."""

from __future__ import annotations

import threading
from collections import Counter
from pathlib import Path
from queue import Empty

import pytest
from kombu import Connection

from portal import broker


@pytest.fixture
def connect(tmp_path: Path):
    for name in ("queue", "processed", "control"):
        (tmp_path / name).mkdir()
    options = {
        "data_folder_in": str(tmp_path / "queue"),
        "data_folder_out": str(tmp_path / "queue"),
        "processed_folder": str(tmp_path / "processed"),
        "control_folder": str(tmp_path / "control"),
        "store_processed": False,
    }
    broker.install()
    return lambda: Connection("filesystem://", transport_options=options)


def test_the_transport_of_the_embedded_profile_is_ours(connect):
    with connect() as connection:
        assert isinstance(connection.default_channel, broker.Channel)


def test_messages_come_in_order_and_leave_nothing_behind(connect, tmp_path):
    with connect() as connection:
        box = connection.SimpleBuffer("bell")
        for number in range(5):
            box.put({"number": number})
        assert [box.get(timeout=1).payload["number"] for _ in range(5)] == [0, 1, 2, 3, 4]
        with pytest.raises(Empty):
            box.get(block=False)
    assert [path for path in tmp_path.rglob("*") if path.suffix in {".msg", ".part"}] == []


def test_a_message_that_is_not_whole_yet_is_not_seen(connect, tmp_path):
    with connect() as connection:
        channel = connection.default_channel
        (tmp_path / "queue" / ".1_x.bell.msg.part").write_bytes(b"")
        with pytest.raises(Empty):
            channel._get("bell")
        channel._put("other", {"n": 1})
        with pytest.raises(Empty):
            channel._get("bell")


def test_many_readers_beside_a_writer_get_each_message_once(connect):
    total, got, done = 300, Counter(), threading.Event()

    def read() -> None:
        with connect() as connection:
            channel = connection.default_channel
            while not done.is_set() or sum(got.values()) < total:
                try:
                    got[channel._get("bell")["n"]] += 1
                except Empty:
                    if done.is_set():
                        return

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    with connect() as connection:
        for number in range(total):
            connection.default_channel._put("bell", {"n": number})
    done.set()
    for reader in readers:
        reader.join(timeout=30)
    assert got == Counter(range(total))


def test_a_full_or_missing_folder_is_an_error_of_the_channel(connect, tmp_path):
    with connect() as connection:
        channel = connection.default_channel
        (tmp_path / "queue").rename(tmp_path / "gone")
        with pytest.raises(broker.ChannelError):
            channel._put("bell", {})
