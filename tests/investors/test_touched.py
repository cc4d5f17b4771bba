"""What investors use and hold: imported, compared in normal form, forgotten with the rest."""

from __future__ import annotations

import pytest

from audit import sealing
from core import clock
from investors.importing.columns import guess
from investors.models import Investor
from investors.rules import vocabulary
from investors.rules.refusals import Refused
from tests.audit.retention import no_duties
from tests.investors.builders import run

pytestmark = pytest.mark.django_db


def write(tmp_path, *rows: str):
    path = tmp_path / "in.csv"
    path.write_text("\n".join(["客户号,姓名,营业部,持有产品,系统,交易渠道", *rows]), "utf-8")
    return path


def test_headers_of_both_languages_are_known():
    assert guess(["Customer No", "Branch", "Products", "Systems", "Trading channels"]) == {
        "ref": "Customer No", "branches": "Branch", "products": "Products",
        "systems": "Systems", "access_channels": "Trading channels",
    }  # fmt: skip


def test_an_import_brings_them_and_a_later_one_changes_them(tmp_path):
    run(write(tmp_path, "A1,王小明,上海 淮海中路营业部,基金甲；基金乙,委托网关,APP、网上交易"))
    one = Investor.objects.get()
    assert one.branches == ["上海 淮海中路营业部"]
    assert one.products == ["基金乙", "基金甲"]
    assert (one.systems, one.access_channels) == (["委托网关"], ["app", "网上交易"])
    run(write(tmp_path, "A1,王小明,上海 淮海中路营业部,基金丙,委托网关,APP、网上交易"))
    one.refresh_from_db()
    assert one.products == ["基金丙"]


def test_a_file_without_the_columns_leaves_them(tmp_path):
    run(write(tmp_path, "A1,王小明,上海,基金甲,委托网关,APP"))
    path = tmp_path / "plain.csv"
    path.write_text("客户号,姓名\nA1,王大明\n", "utf-8")
    run(path)
    assert Investor.objects.get().branches == ["上海"]


def test_a_name_that_is_too_long_is_refused_by_row(tmp_path):
    result = run(write(tmp_path, f"A1,王小明,{'长' * 101},,,"))
    assert result.rejected == 1 and not Investor.objects.exists()
    with pytest.raises(Refused):
        vocabulary.attributes("x" * 101)


@pytest.mark.parametrize("written", ["ＡＰＰ", "app", " App ", "APP"])
def test_width_case_and_blanks_do_not_matter(written):
    assert vocabulary.attributes(written) == ("app",)


def test_they_are_forgotten_with_the_key(tmp_path):
    run(write(tmp_path, "A1,王小明,上海,基金甲,委托网关,APP"))
    one = Investor.objects.get()
    no_duties()
    sealing.destroy_key(one.pk, now=clock.now())
    one.refresh_from_db()
    assert not (one.systems or one.branches or one.products or one.access_channels)
