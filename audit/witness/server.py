"""The witness's HTTP face: `POST /add-checkpoint`, and two pages to look at.

GET /                       who it is, its key, how far each log had come
GET /checkpoint/<origin>    the newest checkpoint that it cosigned for a log
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import quote, unquote

from audit.note import Checkpoint, NoteError
from audit.witness.core import Answer, Witness
from audit.witness.memory import MemoryUnusable
from audit.witness.protocol import MAX_BODY

logger = logging.getLogger(__name__)
_PAGE = "/checkpoint/"


class WitnessServer(ThreadingHTTPServer):
    """Serves one witness. `say` receives one line for each checkpoint it decided on."""

    daemon_threads = True

    def __init__(
        self, address: tuple[str, int], witness: Witness, say: Callable[[str], None]
    ) -> None:
        super().__init__(address, _Handler)
        self.witness = witness
        self.say = say


class _Handler(BaseHTTPRequestHandler):
    server: WitnessServer
    protocol_version = "HTTP/1.1"
    server_version = "Vouchsafe-witness"
    sys_version = ""
    timeout = 15

    def do_POST(self) -> None:
        if self.path != "/add-checkpoint":
            self._answer(Answer(404, b"POST /add-checkpoint\n"), close=True)
            return
        length = self.headers.get("Content-Length", "")
        if not length.isdigit() or int(length) > MAX_BODY:
            status = 413 if length.isdigit() else 411
            self._answer(Answer(status, b"a body of known, small length is needed\n"), close=True)
            return
        answer = self._decide(self.rfile.read(int(length)))
        if answer.size is not None:
            self.server.say(f"{answer.status} {answer.origin} {answer.size}")
        self._answer(answer)

    def _decide(self, body: bytes) -> Answer:
        try:
            return self.server.witness.add_checkpoint(body, now=int(time.time()))
        except (MemoryUnusable, NoteError, OSError) as error:
            logger.critical("the witness's memory cannot be used: %s", error)
            return Answer(500, b"the witness's memory cannot be used\n")

    def do_GET(self) -> None:
        if self.path == "/":
            self._answer(Answer(200, self._about().encode()))
            return
        origin = unquote(self.path.removeprefix(_PAGE))
        known = self.path.startswith(_PAGE) and origin in self.server.witness.logs
        note = self.server.witness.memory.latest(origin) if known else None
        if note is None:
            self._answer(Answer(404, b"nothing is known under this address\n"))
        else:
            self._answer(Answer(200, bytes(note)))

    def _about(self) -> str:
        witness = self.server.witness
        lines = [f"Witness (C2SP tlog-witness)\n{witness.cosigner.verifier}\n"]
        for origin in witness.logs:
            note = witness.memory.latest(origin)
            size = Checkpoint.parse(note.text).size if note else 0
            lines.append(f"{size} {origin} {_PAGE}{quote(origin, safe='')}\n")
        return "\n".join(lines)

    def _answer(self, answer: Answer, *, close: bool = False) -> None:
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.type)
        self.send_header("Content-Length", str(len(answer.body)))
        if close:
            self.send_header("Connection", "close")
            self.close_connection = True
        self.end_headers()
        self.wfile.write(answer.body)

    def log_message(self, format: str, *args: object) -> None:
        logger.info(format, *args)
