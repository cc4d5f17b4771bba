"""The portal's pages over 100,000 investors, 1,000,000 deliveries with an event each, and
1,000,000 ledger records: seconds per page (p50, p95) and number of queries, through Django's
test client in this process. `VOUCHSAFE_BENCH_SCALE` (default 1.0) shrinks the volume."""

from __future__ import annotations

import os
import statistics
import time

from tests.bench.environment import bench_installation, peak_memory_mb, report

SCALE = float(os.environ.get("VOUCHSAFE_BENCH_SCALE", "1"))
INVESTORS = int(100_000 * SCALE)
NOTICES = 10
FEW = 100
ROUNDS = 40

DELIVERIES = """
ALTER TABLE comms_delivery DISABLE TRIGGER comms_delivery_planned;
INSERT INTO comms_delivery (id, notice_id, investor_id, channel, rank, language, state, evidence,
    due_at, held_reason, attempts, key_group, provider, provider_ref, last_error, created_at,
    updated_at)
SELECT gen_random_uuid(), n.id, i.id, 'sms', 0, 'zh-hans',
    (ARRAY['delivered','delivered','delivered','accepted','failed'])[1 + (random() * 4)::int], 20,
    now(), '', 1, 0, 'gateway', md5(random()::text), '', now(), now()
FROM comms_notice n CROSS JOIN investors_investor i;
INSERT INTO comms_tally (notice, channel, state, evidence, delta, at)
    SELECT notice_id, channel, state, evidence, count(*), now() FROM comms_delivery
    GROUP BY 1, 2, 3, 4;
ALTER TABLE comms_delivery ENABLE TRIGGER comms_delivery_planned;
INSERT INTO comms_deliveryevent (id, delivery_id, notice, kind, at, recorded_at, attempt, provider,
    provider_ref, detail)
SELECT gen_random_uuid(), id, notice_id, 'accepted', now(), now(), 1, 'gateway', provider_ref, '{}'
FROM comms_delivery;
INSERT INTO audit_record (id, occurred_at, recorded_at, action, actor, notice, delivery, investor,
    payload)
SELECT gen_random_uuid(), now(), now(), 'delivery.accepted', 'system:worker', notice_id, id,
    investor_id, '{"channel":"sms"}' FROM comms_delivery;
DO $$ BEGIN
    INSERT INTO audit_record (id, occurred_at, recorded_at, action, actor, payload)
        VALUES (gen_random_uuid(), now(), now(), 'bench.arranged', 'system:bench', '{}'); UPDATE
    comms_notice SET state = 'sending', planned_at = now(); END $$;
ANALYZE;
"""


def main() -> None:
    with bench_installation():
        from django.conf import settings

        settings.ALLOWED_HOSTS = ["*"]
        started = time.perf_counter()
        fill()
        report("pages.volume", {"seconds_to_fill": round(time.perf_counter() - started, 1)})
        measure()
        report("pages.memory", {"peak_mb": peak_memory_mb()})


def fill() -> None:
    """Make people, investors and notices by the product's own services, the mass by SQL."""
    import psycopg
    from django.db import transaction

    from audit import sequencer
    from core import clock
    from core.embedded import DATABASE
    from portal.env import embedded_server
    from tests import builders

    with transaction.atomic():
        builders.make_investors(FEW)
    version = builders.approved_template()
    for _ in range(NOTICES):  # while there are few: a release to many asks for a dry run first
        builders.make_released(version)
    with transaction.atomic():
        builders.make_investors(INVESTORS - FEW)
    server = embedded_server()
    assert server is not None
    with psycopg.connect(server.url(database=DATABASE), autocommit=True) as admin:
        for statement in DELIVERIES.split(";\n"):
            admin.execute(statement)
    while sequencer.sequence_once(now=clock.now(), limit=50_000):
        pass


def measure() -> None:
    """Time each page for somebody who may see it."""
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext
    from django.urls import reverse

    from audit.models import Record
    from comms.models import Delivery, Notice
    from core.roles import Role
    from investors.models import Investor
    from tests.core.builders import make_line, make_user, sign_in

    user = make_user(*Role, lines=[make_line()])
    client = sign_in(Client(), user, stepped_up=True)
    notice = Notice.objects.order_by("id").first()
    delivery = Delivery.objects.filter(notice=notice).first()
    investor = Investor.objects.order_by("id").first()
    record = Record.objects.filter(investor=investor.pk).first()
    pages = {
        "overview": reverse("overview"),
        "template-list": reverse("template-list"),
        "notice-list": reverse("notice-list"),
        "notice-detail": reverse("notice-detail", args=[notice.pk]),
        "notice-live": reverse("notice-live", args=[notice.pk]) + f"?state={notice.state}",
        "notice-deliveries": reverse("notice-deliveries", args=[notice.pk]),
        "notice-deliveries failed": (
            reverse("notice-deliveries", args=[notice.pk]) + "?state=failed"
        ),
        "delivery-detail": reverse("delivery-detail", args=[delivery.pk]),
        "investor-list": reverse("investor-list"),
        "investor-detail": reverse("investor-detail", args=[investor.pk]),
        "audit-list": reverse("audit-list"),
        "audit-list notice": reverse("audit-list") + f"?notice={notice.pk}",
        "audit-list action": reverse("audit-list") + "?action=delivery.accepted",
        "record-detail": reverse("record-detail", args=[record.pk]),
        "export-list": reverse("export-list"),
    }
    for name, url in pages.items():
        headers = {"HX-Request": "true"} if "live" in name else {}
        answer = client.get(url, headers=headers)
        assert answer.status_code == 200, (name, url, answer.status_code)
        seconds = []
        for _ in range(ROUNDS):
            started = time.perf_counter()
            client.get(url, headers=headers)
            seconds.append(time.perf_counter() - started)
        with CaptureQueriesContext(connection) as queries:
            client.get(url, headers=headers)
        report(
            f"pages.{name}",
            {
                "p50_ms": round(statistics.median(seconds) * 1000, 1),
                "p95_ms": round(statistics.quantiles(seconds, n=20)[18] * 1000, 1),
                "queries": len(queries),
            },
        )


if __name__ == "__main__":
    main()
