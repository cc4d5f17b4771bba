"""The local authority is asked and trusted by file; a configured one goes before it, and what the
local one stamped still verifies then."""

from __future__ import annotations

import datetime as dt
import threading
from pathlib import Path

import pytest
from django.urls import reverse

from audit.models import Leaf, Timestamp
from audit.timestamping import selectors, services, trust
from audit.timestamping.peer import LocalAuthority, server
from audit.verify import check_log
from core import clock
from core.roles import Role
from tests.audit.builders import grow
from tests.core.builders import make_user, sign_in

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def local(tmp_path: Path, settings):
    """A running local authority, trusted as `--peers` does it."""
    for name in ("authority", "authority-roots.pem"):
        (Path(settings.KEY_DIR) / name).unlink(missing_ok=True)
    settings.LEDGER_TSA_URL = settings.LEDGER_TSA_ROOTS = ""
    made = LocalAuthority(tmp_path / "tsa", now=clock.now())
    with server(made, "127.0.0.1", 0) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        trust.trust(f"http://127.0.0.1:{running.server_address[1]}/", made.roots.read_bytes())
        yield made
        running.shutdown()
    for name in ("authority", "authority-roots.pem"):
        (Path(settings.KEY_DIR) / name).unlink(missing_ok=True)


def test_checkpoints_are_stamped_by_the_local_authority_each_minute(local):
    grow(3)
    now = clock.now()
    assert services.stamp_newest(now=now)
    grow(2)
    assert not services.stamp_newest(now=now + dt.timedelta(seconds=59))
    assert services.stamp_newest(now=now + dt.timedelta(seconds=61))
    assert sorted(Timestamp.objects.values_list("size", flat=True)) == [3, 5]
    assert selectors.authority_state().state == "ok"
    assert check_log().ok


def test_a_configured_authority_goes_first_and_old_stamps_still_verify(local, tmp_path, settings):
    grow(3)
    assert services.stamp_newest(now=clock.now())
    other = LocalAuthority(tmp_path / "other", now=clock.now())
    settings.LEDGER_TSA_URL = "https://tsa.example.com/"
    settings.LEDGER_TSA_ROOTS = str(other.roots)
    asked = trust.asked()
    assert asked is not None and asked.name == "https://tsa.example.com/"
    assert trust.roots_in(asked.roots) != trust.roots()
    assert check_log().ok
    trust.local_roots().unlink()
    assert [finding.code for finding in check_log().findings] == ["timestamp_wrong"]


def test_a_new_local_root_leaves_the_old_one_trusted(local, tmp_path):
    other = LocalAuthority(tmp_path / "other", now=clock.now())
    trust.trust("http://127.0.0.1:2528/", other.roots.read_bytes())
    trust.trust("http://127.0.0.1:2528/", other.roots.read_bytes())
    assert len(trust.roots()) == 2


def test_a_records_page_shows_the_first_stamp_that_covers_it(local, client):
    grow(3)
    assert services.stamp_newest(now=clock.now())
    sign_in(client, make_user(Role.AUDITOR))
    grow(2)
    covered, newest = Leaf.objects.earliest("index"), Leaf.objects.latest("index")
    pages = [
        client.get(reverse("record-detail", args=[leaf.record])).content.decode()
        for leaf in (covered, newest)
    ]
    assert ["checkpoint-3.tsr" in page for page in pages] == [True, False]
    assert ["no authority yet" in page for page in pages] == [False, True]
