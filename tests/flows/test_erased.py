"""An erasure: pages, search and exports hold nothing personal, and what was proven stays so."""

from __future__ import annotations

from uuid import UUID

import pytest
from django.test import Client
from django.urls import reverse

from audit.models import Record
from comms import tasks
from core import clock
from core.roles import Role
from investors import services as investors
from investors.erasure.models import ErasureRequest
from tests.audit.retention import no_duties
from tests.builders import approved_template, make_line
from tests.core.builders import actor_of, make_user
from tests.flows.people import at_desk, exported, page, post, prepared, release, verified

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("null_providers"),
]
NAME, PHONE, REF = "诸葛亮亮", "13800654321", "KH83920017"


@pytest.fixture
def who() -> UUID:
    words = {"ref": REF, "name": NAME, "phone": PHONE, "consents": ("channel.sms",)}
    officer = actor_of(make_user(Role.PRIVACY_OFFICER, lines=[make_line()]))
    return investors.create_investor(
        line_id=make_line().pk, actor=officer, now=clock.now(), **words
    )


def leaf_of(auditor: Client, record: Record) -> bytes:
    return auditor.get(reverse("record-leaf", args=[record.pk])).content


def test_nothing_personal_is_left_and_old_proofs_hold(who, tmp_path) -> None:
    officer, second, auditor = (
        at_desk(Role.PRIVACY_OFFICER), at_desk(Role.REVIEWER), at_desk(Role.AUDITOR),
    )  # fmt: skip
    preparer = at_desk(Role.DISPATCHER)
    notice = prepared(preparer, approved_template(), "sms")
    release(at_desk(Role.RELEASER), notice)
    tasks.send()
    before = exported(auditor, officer, tmp_path / "before", notice)
    assert verified(before).returncode == 0
    record = Record.objects.filter(investor=who, notice=notice.pk).earliest("id")
    leaf = leaf_of(auditor, record)
    assert page(officer, "investor-list", q=PHONE).count(str(who)) > 0

    no_duties()
    words = {"ground": "consent", "reason": f"{NAME} asks"}
    post(preparer, "erasure-new", who, status=403, **words)
    post(officer, "erasure-new", who, **words)
    request = ErasureRequest.objects.get()
    post(officer, "erasure-approve", request.pk, status=403)
    assert page(officer, "investor-list", q=PHONE).count(str(who)) > 0
    post(second, "erasure-approve", request.pk)

    pages = [
        page(officer, "investor-detail", who),
        page(second, "erasure-detail", request.pk),
        page(officer, "investor-list", q=REF),
    ]
    assert str(who) not in page(officer, "investor-list", q=PHONE)
    after = exported(auditor, officer, tmp_path / "after", notice)
    files = b"".join(path.read_bytes() for path in after.rglob("*") if path.is_file())
    for personal in (NAME, PHONE):
        assert personal.encode() not in files
        assert not any(personal in text for text in pages)
    assert verified(before).returncode == verified(after).returncode == 0
    assert leaf_of(auditor, record) == leaf
