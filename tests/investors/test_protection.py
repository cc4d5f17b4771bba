"""What the database itself refuses, whoever asks."""

from __future__ import annotations

import psycopg
import pytest
from django.db import ProgrammingError, connection, transaction

from investors.models import Topic

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("table", ["investors_consententry", "investors_consentnotice"])
@pytest.mark.parametrize(
    "statement", ["UPDATE {} SET purpose = 'x'", "DELETE FROM {}", "TRUNCATE {} CASCADE"]
)
def test_the_application_may_only_add_to_the_consent_ledger(table: str, statement: str) -> None:
    with (
        pytest.raises(ProgrammingError, match="permission denied"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement.format(table))


def test_even_the_owner_of_the_rows_meets_the_trigger(admin_conninfo: str) -> None:
    with (
        psycopg.connect(admin_conninfo) as admin,
        pytest.raises(psycopg.errors.InsufficientPrivilege, match="append-only"),
    ):
        admin.execute("SET session_replication_role = replica")
        admin.execute("DELETE FROM investors_consententry")


def test_an_investor_cannot_be_deleted() -> None:
    with (
        pytest.raises(ProgrammingError, match="permission denied"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute("DELETE FROM investors_investor")


def test_every_mandatory_topic_says_which_rule_makes_it_so() -> None:
    mandatory = Topic.objects.filter(mandatory=True)
    assert {topic.code for topic in mandatory} == {
        "risk_alert",
        "trading_system",
        "account_security",
    }
    assert all(topic.rule and topic.rule_zh for topic in mandatory)
