"""The commands of the ledger, and its key."""

from __future__ import annotations

import io

import pytest
from django.core.management import call_command

from audit import keys, merkle
from audit.models import Leaf
from core.errors import Misconfigured
from tests.audit.builders import grow

pytestmark = pytest.mark.django_db(transaction=True)


def test_tiles_and_checkpoint_as_static_files(tmp_path):
    grow(255, 1, 300)
    call_command("ledger_tiles", "--out", str(tmp_path), stdout=io.StringIO())

    def read(tiles):
        return {tile: (tmp_path / tile.path).read_bytes() for tile in tiles}

    head = (tmp_path / "checkpoint").read_text().split("\n")
    root = merkle.tree_root(556, read)
    assert int(head[1]) == 556
    assert merkle.root_from_hashes(bytes(leaf.hash) for leaf in Leaf.objects.all()) == root
    bundle = merkle.decode_entries((tmp_path / "tile/entries/000").read_bytes())
    assert merkle.leaf_hashes(bundle) == [bytes(leaf.hash) for leaf in Leaf.objects.all()[:256]]


def test_the_key_is_printed_on_one_line():
    out = io.StringIO()
    call_command("ledger_key", stdout=out)
    assert out.getvalue() == f"{keys.verifier_key()}\n"


def test_production_makes_no_key_by_surprise(settings, tmp_path):
    settings.KEY_DIR, settings.PRODUCTION = tmp_path / "none", True
    with pytest.raises(Misconfigured):
        keys.signer()
    settings.PRODUCTION = False
    keys.signer()
    assert (tmp_path / "none" / "ledger.key").stat().st_mode & 0o777 == 0o600
