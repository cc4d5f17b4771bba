"""The embedded profile's broker: kombu's filesystem transport with whole messages.

Kombu writes a message into the folder that readers watch, so a reader can meet a file that is
not written yet and die of it. Here a message appears under its name only when it is whole
(written beside, then renamed), and is taken by a rename inside the broker's own folder, so that
exactly one reader gets it and none lies in the system's temporary folder.
"""

from __future__ import annotations

import time
import uuid
from pathlib import Path
from queue import Empty
from typing import Any

from kombu.exceptions import ChannelError
from kombu.transport import TRANSPORT_ALIASES, filesystem
from kombu.utils.json import dumps, loads


class Channel(filesystem.Channel):  # type: ignore[misc]
    """A channel whose messages are whole or not there."""

    def _put(self, queue: str, payload: dict[str, Any], **kwargs: Any) -> None:  # type: ignore[override]
        """Put a message on `queue`; raises ChannelError when the folder cannot take it."""
        folder = Path(self.data_folder_out)
        name = f"{time.time_ns():020d}_{uuid.uuid4()}.{queue}.msg"
        hidden = folder / f".{name}.part"
        try:
            hidden.write_bytes(dumps(payload).encode())
            hidden.rename(folder / name)
        except OSError as error:
            hidden.unlink(missing_ok=True)
            raise ChannelError(f"cannot add a message to {folder}") from error

    def _get(self, queue: str, timeout: float | None = None) -> Any:
        """Take the oldest message of `queue`; raises Empty."""
        folder, taken = Path(self.data_folder_in), Path(self.processed_folder)
        ending = f".{queue}.msg"
        for name in sorted(path.name for path in folder.iterdir()):
            if not name.endswith(ending) or name.startswith("."):
                continue
            mine = taken / name
            try:
                (folder / name).rename(mine)
            except FileNotFoundError:
                continue  # another reader was faster
            message = loads(mine.read_bytes().decode())
            if not self.store_processed:
                mine.unlink(missing_ok=True)
            return message
        raise Empty


class Transport(filesystem.Transport):  # type: ignore[misc]
    """`filesystem://` with that channel."""

    Channel = Channel


def install() -> None:
    """Have `filesystem://` mean this transport in this process."""
    TRANSPORT_ALIASES["filesystem"] = f"{__name__}:Transport"
