"""The audit pages over BENCH_BROWSE_RECORDS ledger records (default 500,000) spread over two
years of monthly partitions: milliseconds per page (p50, p95), queries, and the time in PostgreSQL,
through Django's test client in this process. The full volume:

    BENCH_BROWSE_RECORDS=10000000 python -m tests.bench browse

The records are made by SQL as the owner, straight into the months' tables, before their indexes
exist; leaves likewise. Their hashes are not real, so this log does not verify: pages are measured
here, nothing else. The triggers that queue and refuse stay as they are; the queue is emptied.
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.bench.environment import bench_installation, peak_memory_mb, report

RECORDS = int(os.environ.get("BENCH_BROWSE_RECORDS", "500000"))
MONTHS = 24
ROUNDS = int(os.environ.get("BENCH_BROWSE_ROUNDS", "25"))

# Months before this one, cut off from `audit_record_before`.
PAST = """
DO $$ DECLARE this timestamptz := date_trunc('month', now(), 'UTC'); BEGIN
    ALTER TABLE audit_record DETACH PARTITION audit_record_before;
    FOR n IN 1..{months} LOOP
        PERFORM audit_add_month(this - make_interval(months => n));
    END LOOP;
    EXECUTE format('ALTER TABLE audit_record ATTACH PARTITION audit_record_before FOR VALUES '
        'FROM (MINVALUE) TO (%L)', audit_first_id(this - make_interval(months => {months})));
END $$
"""

# One month: deliveries by the thousand, and one record in fifty that says something in words.
# Ids carry the time to the millisecond and a running number, like those of the product.
MONTH = """
INSERT INTO {table} (id, occurred_at, recorded_at, action, actor, notice, delivery, investor,
    template, version, incident, staff, object, payload)
SELECT (lpad(to_hex(ms), 12, '0') || '7' || lpad(to_hex(n % 4096), 3, '0') || '8'
        || lpad(to_hex(n), 15, '0'))::uuid, at, at,
    CASE WHEN wordy THEN (ARRAY['notice.created','notice.released','template.approved',
        'template.returned','user.updated','import.failed','session.opened','audit.browsed'])
        [1 + n / 50 % 8]
    ELSE (ARRAY['delivery.accepted','delivery.accepted','delivery.accepted','delivery.delivered',
        'delivery.delivered','delivery.opened','delivery.failed','notice.planned'])[1 + n % 8] END,
    CASE WHEN wordy THEN 'user:' || pg_temp.id('staff', n / 50 % 40) ELSE 'system:worker' END,
    pg_temp.id('notice', n / 20000),
    CASE WHEN NOT wordy THEN pg_temp.id('delivery', n) END,
    CASE WHEN NOT wordy THEN pg_temp.id('investor', n % {investors}) END,
    CASE WHEN wordy THEN pg_temp.id('template', n / 50 % 60) END, NULL,
    CASE WHEN n % 10000 = 7 THEN pg_temp.id('incident', n / 10000 % 50) END,
    CASE WHEN wordy THEN pg_temp.id('staff', n / 50 % 40) END,
    CASE WHEN wordy AND n % 100 = 0 THEN 'export:' || n END,
    CASE WHEN wordy THEN json_build_object('code', 'N-' || n, 'title',
        (ARRAY['风险提示','停牌公告','系统维护通知','账户异常提醒'])[1 + n / 50 % 4]
        || CASE WHEN n % 100000 = 0 THEN '珍稀词语' ELSE '' END || ' Trading notice ' || n)
    ELSE json_build_object('attempt', 1, 'channel',
        CASE WHEN n % 50000 = 1 THEN 'hotline' ELSE (ARRAY['sms','email','push'])[1 + n % 3] END,
        'provider', 'gateway', 'ref', n) END
FROM (SELECT n, n % 50 = 0 AS wordy, (extract(epoch FROM at) * 1000)::bigint AS ms, at
      FROM (SELECT n, {start}::timestamptz + {span}::interval * ((n - {first})::float8 / {count})
            AS at FROM generate_series({first}, {first} + {count} - 1) n) placed) drawn
ORDER BY ms
"""
IDENTITY = """
CREATE FUNCTION pg_temp.id(kind text, n bigint) RETURNS uuid LANGUAGE sql IMMUTABLE AS
$$ SELECT md5(kind || n)::uuid $$
"""
LEAVES = """
INSERT INTO audit_leaf (index, record, hash)
SELECT row_number() OVER (ORDER BY id) - 1, id, decode(repeat(md5(id::text), 2), 'hex')
FROM audit_record
"""


def main() -> None:
    with bench_installation():
        from django.conf import settings

        settings.ALLOWED_HOSTS = ["*"]
        started = time.perf_counter()
        size = fill()
        filled = round(time.perf_counter() - started, 1)
        report("browse.volume", {"records": RECORDS, "seconds_to_fill": filled, **size})
        measure()
        report("browse.memory", {"peak_mb": peak_memory_mb()})


# --- the volume -----------------------------------------------------------------------------


def fill() -> dict[str, object]:
    """Make the months and their records; returns the size on disk."""
    import psycopg

    from core.embedded import DATABASE
    from portal.env import embedded_server

    people()
    server = embedded_server()
    assert server is not None
    with psycopg.connect(server.url(database=DATABASE), autocommit=True) as admin:
        admin.execute("SET synchronous_commit = off")
        admin.execute("SET maintenance_work_mem = '512MB'")
        admin.execute("SET work_mem = '256MB'")
        admin.execute(IDENTITY)
        admin.execute(PAST.format(months=MONTHS))
        first, count = 0, RECORDS // MONTHS
        for back in range(MONTHS, 0, -1):
            fill_month(admin, back, first, count)
            first += count
        without_indexes(admin, "audit_leaf", lambda: admin.execute(LEAVES))
        admin.execute("TRUNCATE audit_pending")
        admin.execute("VACUUM (ANALYZE) audit_record")
        admin.execute("VACUUM (ANALYZE) audit_leaf")
        row = admin.execute("SELECT pg_database_size(current_database())").fetchone()
    assert row is not None
    return {"gigabytes": round(row[0] / 2**30, 2)}


def people() -> None:
    """The forty members of staff whom the records name."""
    from hashlib import md5
    from uuid import UUID

    from django.db import transaction

    from audit.record import record
    from core import clock
    from core.actor import system
    from core.models import User

    with transaction.atomic():
        record(action="user.created", actor=system("bench"), now=clock.now())
        User.objects.bulk_create(
            User(pk=UUID(md5(f"staff{n}".encode()).hexdigest()), username=f"staff-{n}")
            for n in range(40)
        )


def fill_month(admin, back: int, first: int, count: int) -> None:
    """One month of records into a table of its own, indexed after it is full."""
    start, table = admin.execute(
        "SELECT m::text, to_char(m AT TIME ZONE 'UTC', '\"audit_record_\"YYYY_MM') FROM "
        "(SELECT date_trunc('month', now(), 'UTC') - make_interval(months => %s)) s(m)",
        [back],
    ).fetchone()
    investors = max(1000, RECORDS // 100)
    statement = MONTH.format(
        table=table, first=first, count=count, investors=investors, start=f"'{start}'",
        span="'28 days'",
    )  # fmt: skip
    bounds = admin.execute(
        "SELECT pg_get_expr(relpartbound, oid) FROM pg_class WHERE oid = %s::regclass", [table]
    ).fetchone()[0]
    admin.execute(f"ALTER TABLE audit_record DETACH PARTITION {table}")
    without_indexes(admin, table, lambda: admin.execute(statement))
    admin.execute(f"ALTER TABLE audit_record ATTACH PARTITION {table} {bounds}")


def without_indexes(admin, table: str, work: Callable[[], object]) -> None:
    """Do `work` while `table` has no indexes (and its triggers do not queue); make them again."""
    indexes = admin.execute(
        "SELECT c.relname, pg_get_indexdef(c.oid), pg_get_constraintdef(k.oid), k.conname FROM "
        "pg_index i JOIN pg_class c ON c.oid = i.indexrelid LEFT JOIN pg_constraint k "
        "ON k.conindid = c.oid AND k.contype IN ('p', 'u') WHERE i.indrelid = %s::regclass",
        [table],
    ).fetchall()
    admin.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
    for name, _definition, _constraint, key in indexes:
        if key:
            admin.execute(f"ALTER TABLE {table} DROP CONSTRAINT {key}")
        else:
            admin.execute(f"DROP INDEX {name}")
    work()
    for _name, definition, constraint, key in indexes:
        if key:
            admin.execute(f"ALTER TABLE {table} ADD CONSTRAINT {key} {constraint}")
        else:
            admin.execute(definition)
    triggers = admin.execute(
        "SELECT tgname FROM pg_trigger WHERE tgrelid = %s::regclass AND NOT tgisinternal", [table]
    ).fetchall()
    for (name,) in triggers:
        admin.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {name}")


# --- the pages ------------------------------------------------------------------------------


def pages() -> Iterator[tuple[str, str]]:
    """Each kind of question, on new, old, dense and rare matches."""
    from django.db import connection
    from django.urls import reverse

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT md5('notice' || %s)::uuid, md5('investor' || 7)::uuid, "
            "md5('template' || 3)::uuid, md5('incident' || 5)::uuid, md5('staff' || 4)::uuid, "
            "(now() - interval '300 days')::date, (now() - interval '290 days')::date",
            [str(RECORDS // 40_000)],
        )
        notice, investor, template, incident, staff, since, until = cursor.fetchone()
    questions = {
        "everything": "",
        "action": "action=delivery.accepted",
        "action rare": "action=import.failed",
        "action absent": "action=hold.placed",
        "actor": f"actor=user:{staff}",
        "staff": f"staff={staff}",
        "notice": f"notice={notice}",
        "investor": f"investor={investor}",
        "incident": f"incident={incident}",
        "kind": "kind=incident",
        "kind of object": "kind=export",
        "channel": "channel=sms",
        "channel rare": "channel=hotline",
        "channel absent": "channel=fax",
        "outcome failed": "outcome=failed",
        "outcome refused": "outcome=refused",
        "outcome done": "outcome=done",
        "old period": f"since={since}&until={until}",
        "as of": f"as_of={since}T12:00",
        "old period, action": f"since={since}&until={until}&action=delivery.failed",
        "old period, channel": f"since={since}&until={until}&channel=hotline",
        "old period, staff": f"since={since}&until={until}&staff={staff}",
        "investor, outcome": f"investor={investor}&outcome=failed",
        "notice, channel": f"notice={notice}&channel=email",
        "words zh": "q=风险提示",
        "words zh rare": "q=珍稀词语",
        "words en": "q=trading",
        "words none": "q=zebra",
        "label zh": "q=批准",
        "words, old period": f"q=停牌公告&since={since}&until={until}",
        "words, action": "q=停牌公告&action=notice.created",
        "words in an investor": f"q=gateway&investor={investor}",
        "an id": f"q={investor}",
        "a place": f"q={RECORDS // 3}",
    }
    for name, query in questions.items():
        yield f"list: {name}", f"{reverse('audit-list')}?{query}"
    objects = {
        "investor": investor,
        "notice": notice,
        "template": template,
        "incident": incident,
        "staff": staff,
    }
    for kind, identity in objects.items():
        yield f"timeline: {kind}", reverse("audit-timeline", args=[kind, identity])
    yield (
        "timeline: notice as of",
        (reverse("audit-timeline", args=["notice", notice]) + f"?as_of={until}T12:00"),
    )


def cpu(backend: int) -> float:
    """Seconds of processor time of this process and of its PostgreSQL backend (Linux)."""
    fields = Path(f"/proc/{backend}/stat").read_text().rsplit(")", 1)[1].split()
    return time.process_time() + (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def measure() -> None:
    """Time each page for an auditor. `cpu_ms` (this process and PostgreSQL, a mean) stays the
    same on a busy machine, where p95 does not."""
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    from core.roles import Role
    from tests.core.builders import make_user, sign_in

    client = sign_in(Client(), make_user(Role.AUDITOR), stepped_up=True)
    worst: dict[str, float] = {}
    for name, url in pages():
        seconds, spent = [], 0.0
        for turn in range(ROUNDS + 2):
            if turn == 2:
                backend = connection.connection.info.backend_pid
                spent = cpu(backend)
            started = time.perf_counter()
            answer = client.get(url)
            if turn > 1:  # the first ones warm connections and templates
                seconds.append(time.perf_counter() - started)
            assert answer.status_code == 200, (name, answer.status_code)
        spent = cpu(backend) - spent
        with CaptureQueriesContext(connection) as queries:
            client.get(url)
        p95 = statistics.quantiles(seconds, n=20)[18] * 1000
        report(
            f"browse.{name}",
            {
                "p50_ms": round(statistics.median(seconds) * 1000, 1),
                "p95_ms": round(p95, 1),
                "cpu_ms": round(spent / ROUNDS * 1000, 1),
                "sql_ms": round(sum(float(each["time"]) for each in queries) * 1000, 1),
                "queries": len(queries),
                "rows": answer.content.count(b"data-item"),
            },
        )
        kind = name.partition(":")[0]
        worst[kind] = max(worst.get(kind, 0), p95)
    report("browse.worst", {f"{kind}_p95_ms": round(p95, 1) for kind, p95 in worst.items()})


if __name__ == "__main__":
    main()
