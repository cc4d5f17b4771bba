"""Time and time-ordered identifiers. Pure rules take `now` as a parameter; edges call `now()`."""

from __future__ import annotations

import datetime as dt
import uuid

from uuid_utils import UUID as FastUUID
from uuid_utils import uuid7 as _fast_uuid7
from uuid_utils import uuid7 as _native_uuid7
from uuid_utils.compat import uuid7 as _uuid7

UTC = dt.UTC


def now() -> dt.datetime:
    """The current instant, aware, in UTC, microsecond resolution."""
    return dt.datetime.now(UTC)


def uuid7() -> uuid.UUID:
    """A UUIDv7 (RFC 9562): sorts by creation time to the millisecond."""
    return _uuid7()


def uuid7_raw() -> FastUUID:
    """`uuid7()` without the dress of `uuid.UUID`, for bulk work: has `.bytes`, and `str()`."""
    return _fast_uuid7()


def uuid7_hex() -> str:
    """A UUIDv7 as 32 hexadecimal digits, for rows written as text in bulk."""
    return _native_uuid7().hex


def isoformat(instant: dt.datetime) -> str:
    """RFC 3339 in UTC with exactly six fractional digits and `Z`; refuses naive datetimes."""
    if instant.tzinfo is None:
        raise ValueError("naive datetime: every instant in Vouchsafe carries a time zone")
    if instant.tzinfo is not UTC:
        instant = instant.astimezone(UTC)
    return instant.replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"
