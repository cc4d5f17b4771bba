"""After an erasure nothing personal of the person can be read anywhere; and nobody who holds the
whole log can confirm a guess (L4)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import logging
import re
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import psycopg
import pytest
from django.test import Client
from psycopg import sql

from audit import sequencer, store, verify
from audit.models import Record
from comms.models import Delivery
from core import clock, crypto
from core.roles import Role
from investors import selectors as people
from investors import services as investors
from investors import vault
from investors.erasure import services as erasures
from investors.models import ContactPoint, Investor
from portal.models import BoundDevice, InvestorLoginCode
from tests import builders
from tests.audit import exports
from tests.audit.retention import no_duties
from tests.core.builders import actor_of, make_line, make_user
from tests.investors.builders import row, run, write_csv
from tests.portal.peers import Peers, running

PHONE, MAIL, NAME, REF = "13800654321", "zhuge.liang@customer.example", "诸葛亮亮", "KH83920017"
WHOLE = [PHONE, f"+86{PHONE}", MAIL, NAME, REF]
BLIND = ["contact:phone", "contact:email", "investor:ref"]


@pytest.fixture
def peers(tmp_path: Path, settings) -> Iterator[Peers]:
    settings.IMPORT_DIR = tmp_path / "imports"
    with running(tmp_path, settings) as both:
        yield both


def officer():
    return actor_of(make_user(Role.PRIVACY_OFFICER))


def live(tmp_path: Path) -> tuple[UUID, UUID]:
    """A person's life with the firm: imported, written to, signed in, searched for, revealed.
    Returns the pseudonym and the notice."""
    actor = officer()
    line = make_line()
    path = write_csv(tmp_path / "in.csv", [row(ref=REF, name=NAME, phone=PHONE, email=MAIL)])
    run(path, line_id=line.pk, actor=actor)
    who = Investor.objects.get().pk
    notice = builders.make_planned(channels={"parallel": ["sms", "email", "inbox"]})
    builders.send_all()
    assert Delivery.objects.filter(state="accepted").count() >= 2
    client = Client()
    client.post("/me/sign-in/", {"contact": MAIL})
    client.post("/me/sign-in/", {"contact": PHONE})
    client.post("/me/sign-in/", {"contact": "nobody@customer.example"})
    investors.search_investors(text=PHONE, actor=actor, now=clock.now())
    investors.view_investor(investor_id=who, actor=actor, now=clock.now())
    mail = ContactPoint.objects.get(kind="email")
    investors.suppress_contact(
        contact_id=mail.pk, reason=f"{NAME} {MAIL} bounces", actor=actor, now=clock.now()
    )
    sequencer.catch_up(now=clock.now())
    return who, notice.pk


def erase(who: UUID) -> None:
    no_duties()
    request = erasures.request_erasure(
        investor_id=who, ground="consent", reason=f"{NAME} {PHONE} asks", actor=officer(),
        now=clock.now(),
    )  # fmt: skip
    erasures.approve_erasure(request_id=request, actor=officer(), now=clock.now())


def dump(conninfo: str) -> bytes:
    """Every row of every table, as text and in the binary format."""
    parts = []
    with psycopg.connect(conninfo) as admin:
        tables = admin.execute(
            "SELECT schemaname, tablename FROM pg_tables "
            "WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
        ).fetchall()
        assert len(tables) > 40
        for names in tables:
            for form in ("text", "binary"):
                copied = sql.SQL("COPY (SELECT * FROM {}) TO STDOUT (FORMAT {})").format(
                    sql.Identifier(*names), sql.SQL(form)
                )
                with admin.cursor().copy(copied) as copy:
                    parts += [bytes(part) for part in copy]
    return b"".join(parts)


def readable(text: str) -> list[bytes]:
    """How a value could stand somewhere: plain, hexadecimal, base64 at each offset, escaped, or
    under a hash without a key."""
    plain = [text.encode(), text.encode("gb18030"), text.encode("utf-16-le")]
    found = [*plain, json.dumps(text).strip('"').encode()]
    for one in plain:
        found += [one.hex().encode(), hashlib.sha256(one).digest(), hashlib.sha1(one).digest()]
        found += [hashlib.sha256(one).hexdigest().encode(), hashlib.md5(one).hexdigest().encode()]
        for shift in range(3):
            encoded = base64.b64encode(b"x" * shift + one)
            found.append(encoded[4 if shift else 0 : -4])
    return [item for item in found if len(item) >= 8]


def blind(text: str) -> list[bytes]:
    """What a search would look for."""
    hashes = [crypto.blind_index(purpose, text) for purpose in BLIND]
    return [*hashes, *(value.hex().encode() for value in hashes)]


def findings(haystack: bytes, *, hashes: bool) -> list[tuple[str, bytes]]:
    return [
        (text, item)
        for text in WHOLE
        for item in [*readable(text), *(blind(text) if hashes else [])]
        if item in haystack
    ]


@pytest.mark.django_db(transaction=True)
def test_nothing_readable_is_left_in_a_dump_a_log_or_a_search(
    tmp_path: Path, peers: Peers, admin_conninfo: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    who, _notice = live(tmp_path)
    before = dump(admin_conninfo)
    assert findings(before, hashes=False) == []  # all of it was sealed from the beginning
    found = {text for text, _item in findings(before, hashes=True)}
    assert found == {f"+86{PHONE}", MAIL, REF}  # and found again by its keyed hashes
    assert InvestorLoginCode.objects.count() == 3

    erase(who)

    assert findings(dump(admin_conninfo), hashes=True) == []
    ours = [record for record in caplog.records if record.name != "mail.log"]  # the mail server's
    told = "\n".join(f"{record.getMessage()} {record.__dict__}" for record in ours)
    assert len(ours) > 10
    assert findings(told.encode(), hashes=True) == []
    for text in WHOLE:
        assert not people.find(officer(), text).exists()
    assert people.open_profiles([who]) == {}
    assert people.open_contacts(ContactPoint.objects.values_list("pk", flat=True)) == {}
    assert not BoundDevice.objects.exists()
    assert InvestorLoginCode.objects.count() == 1  # of nobody


@pytest.mark.django_db(transaction=True)
def test_an_export_made_afterwards_has_the_trail_and_not_the_person(
    tmp_path: Path, peers: Peers
) -> None:
    who, notice = live(tmp_path)
    erase(who)
    sequencer.catch_up(now=clock.now())
    bag = exports.built(notice, now=clock.now())
    whole = b"".join(path.read_bytes() for path in bag.rglob("*") if path.is_file())
    assert str(who).encode() in whole
    assert findings(whole, hashes=True) == []
    assert exports.run_verifier(bag).returncode == 0


@pytest.mark.django_db(transaction=True)
def test_all_earlier_proofs_still_verify(tmp_path: Path, peers: Peers) -> None:
    who, _notice = live(tmp_path)
    before = dict(store.leaf_rows(0, 10_000))
    erase(who)
    sequencer.catch_up(now=clock.now())
    after = dict(store.leaf_rows(0, 10_000))
    assert {index: after[index] for index in before} == before
    assert verify.verify_log(now=clock.now()).ok
    assert Record.objects.filter(action="investor.erased", investor=who).count() == 1


def committed(leaves: list[bytes]) -> set[bytes]:
    """Every value in the log that could be a digest: runs of hexadecimal, and base64."""
    values = set()
    for leaf in leaves:
        for run_of_hex in re.findall(rb"[0-9a-f]{32,}", leaf):
            values.add(bytes.fromhex(run_of_hex.decode()[: len(run_of_hex) // 2 * 2]))
        for encoded in re.findall(rb"[A-Za-z0-9+/]{22,}={0,2}", leaf):
            values.add(base64.b64decode(encoded + b"=" * (-len(encoded) % 4)))
    return values


@pytest.mark.django_db(transaction=True)
def test_who_holds_the_whole_log_cannot_confirm_one_number_out_of_a_million(
    tmp_path: Path, peers: Peers
) -> None:
    who, _notice = live(tmp_path)
    leaves = [leaf for _index, leaf in store.leaf_rows(0, 100_000)]
    values = committed(leaves)
    assert len(values) > 2  # there are commitments to try
    text = b"\n".join(leaves)
    assert findings(text, hashes=True) == []
    heads = {value[:16] for value in values}
    for number in range(13800_000_000, 13801_000_000):  # the right one is among them
        guess = b"+86%d" % number
        assert hashlib.sha256(guess).digest()[:16] not in heads
    ids = [who.bytes, str(who).encode(), *re.findall(rb'"id":"([^"]+)"', text)]
    for number in range(13800_654_000, 13800_655_000):
        for guess in (b"+86%d" % number, b"%d" % number):
            for name in ("md5", "sha1", "sha512", "blake2b", "sha3_256"):
                assert hashlib.new(name, guess).digest() not in values
            for key in ids[:20]:
                assert hmac.digest(key, guess, "sha256") not in values


@pytest.mark.django_db(transaction=True)
def test_the_same_text_sealed_twice_makes_two_commitments(tmp_path: Path) -> None:
    run(write_csv(tmp_path / "in.csv", [row()]), line_id=make_line().pk, actor=officer())
    contact = ContactPoint.objects.get(kind="phone")
    actor = officer()
    for _ in range(2):
        investors.suppress_contact(
            contact_id=contact.pk, reason=PHONE, actor=actor, now=clock.now()
        )
        investors.set_contact_state(
            contact_id=contact.pk, state="unverified", actor=actor, now=clock.now()
        )
    sequencer.catch_up(now=clock.now())
    sealed = [
        json.loads(leaf)["sealed"]
        for _index, leaf in store.leaf_rows(0, 1000)
        if json.loads(leaf)["action"] == "contact.suppressed"
    ]
    assert len(set(sealed)) == 2
    assert vault.contact_hash("phone", f"+86{PHONE}").hex() not in "".join(sealed)
