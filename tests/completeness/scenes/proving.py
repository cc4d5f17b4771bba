"""Scenes of proofs handed out, of outsiders who attest the log, and of the keys that wrap.

Nobody listens at NOWHERE: what a witness or an authority attests is no record, but that they
failed is one.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from uuid import uuid4

from django.conf import settings

from audit import alarms, sealing
from audit.log import services as log
from audit.models import Checkpoint
from audit.note import SignatureType, VerifierKey
from audit.timestamping import services as timestamping
from audit.witnessing import services as witnessing
from audit.witnessing.closing import services as closing
from audit.witnessing.policy import Witness
from audit.wrapping import services as wrapping
from core import clock, crypto
from core.actor import system
from tests.completeness.catalogue import Act, scene
from tests.completeness.scenes.audit import auditor, some_record
from tests.completeness.scenes.core import call

NOWHERE = "http://127.0.0.1:9"
KEY = VerifierKey("witness.example", bytes(32), SignatureType.COSIGNATURE)
ACTOR = system("test")


@scene("audit.log.services.take_leaf")
def _leaf() -> Act:
    return call(log.take_leaf, record_id=some_record().pk, actor=auditor())


@scene("audit.timestamping.services.stamp_newest")
def _stamp() -> Act:
    some_record()
    settings.LEDGER_TSA_URL = NOWHERE
    return call(timestamping.stamp_newest)


@scene("audit.witnessing.services.ask_witnesses")
def _ask_witnesses() -> Act:
    some_record()
    settings.LEDGER_WITNESSES = [f"{KEY} {NOWHERE}"]
    return call(witnessing.ask_witnesses)


@scene("audit.witnessing.services.ask_one")
def _ask_one() -> Act:
    some_record()
    newest = Checkpoint.objects.latest("size")
    return call(witnessing.ask_one, witness=Witness(KEY, NOWHERE), newest=newest)


@scene("audit.witnessing.closing.services.close_alarm")
def _close() -> Act:
    settings.LEDGER_WITNESSES = []
    payload = {"witness": KEY.name, "cosigned": 3}
    alarms.sound("audit.witness_refused", actor=ACTOR, now=clock.now(), payload=payload)
    return call(closing.close_alarm, witness=KEY.name, reason="Removed", actor=auditor())


# The key-encryption key -------------------------------------------------------------------------


def _own_keys() -> None:
    """Keys that this scene may rotate; those of the other tests stay."""
    settings.KEY_DIR = Path(tempfile.mkdtemp())
    for name in ("kek", "index-key"):
        crypto.create_key_file(name)
    crypto.forget_cached_keys()
    sealing.create_keys([uuid4() for _ in range(3)], now=clock.now())


@scene("audit.wrapping.services.begin_rotation")
def _begin() -> Act:
    _own_keys()
    return call(wrapping.begin_rotation, actor=ACTOR)


@scene("audit.wrapping.services.rewrap")
def _rewrap() -> Act:
    _own_keys()
    wrapping.begin_rotation(actor=ACTOR, now=clock.now())
    return call(wrapping.rewrap, actor=ACTOR, batch=2)


@scene("audit.wrapping.services.retire")
def _retire() -> Act:
    _own_keys()
    wrapping.begin_rotation(actor=ACTOR, now=clock.now())
    wrapping.rewrap(actor=ACTOR, now=clock.now())
    return call(wrapping.retire, number=1, actor=ACTOR)
