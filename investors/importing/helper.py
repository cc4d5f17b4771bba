"""The helper process of an import (`working.Helper`): answers questions in order until they end."""

from __future__ import annotations

import contextlib
import os
import pickle
import signal
import sys
from typing import IO, Any

from core import crypto
from investors.importing.working import Computing, put


def answer_all(questions: IO[bytes], answers: IO[bytes]) -> None:
    """The first message is the job with its keys; each later one is a question."""
    job, keys = pickle.load(questions)  # noqa: S301  our own parent
    crypto.install_keys(**keys)
    work = Computing(job)
    while True:
        try:
            verb, *details = pickle.load(questions)  # noqa: S301
        except EOFError:
            return
        put(answers, _answer(work, verb, details))


def _answer(work: Computing, verb: str, details: list[Any]) -> tuple[bool, Any]:
    try:
        return True, work.parse() if verb == "parse" else work.encode(*details)
    except Exception as error:  # it is raised again over there
        return False, error


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which closes the pipe
    with contextlib.suppress(BrokenPipeError):
        answer_all(sys.stdin.buffer, sys.stdout.buffer)
    os._exit(0)  # nothing to clean up, and standard output may be closed
