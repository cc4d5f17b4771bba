"""Installations of before keep the record kinds that shipped then: reads were business records.

Version 1, and every version that was copied from it unchanged (there was no way to change them),
gets the kinds as they ship now. Where they are already there, nothing happens. The history of the
schedule says `migration`.
"""

import json

from django.db import migrations

SEED = [
    ["assessment.", "assessment"],
    ["audit.", "telemetry"],
    ["books.", "books"],
    ["contact.", "identity"],
    ["contact.revealed", "telemetry"],
    ["delivery.", "communication"],
    ["delivery.message_revealed", "telemetry"],
    ["delivery.shown", "telemetry"],
    ["device.", "telemetry"],
    ["history.", "telemetry"],
    ["inbox.", "communication"],
    ["investor.", "business"],
    ["investor.", "identity"],
    ["investor.listed", "telemetry"],
    ["investor.searched", "telemetry"],
    ["investor.viewed", "telemetry"],
    ["monitoring.", "monitoring"],
    ["notice.", "communication"],
    ["notice.audience_previewed", "telemetry"],
    ["notice.people_listed", "telemetry"],
    ["receipt.", "telemetry"],
    ["search.", "telemetry"],
    ["selfservice.", "telemetry"],
    ["session.", "telemetry"],
    ["template.", "communication"],
]

RENEW = f"""
DO $f$
DECLARE
    seed jsonb := '{json.dumps(SEED)}';
    old jsonb := (SELECT assignments FROM public.audit_retentionschedule WHERE number = 1);
BEGIN
    IF old IS NULL OR old = seed THEN
        RETURN;
    END IF;
    SET CONSTRAINTS ALL IMMEDIATE;
    ALTER TABLE public.audit_retentionschedule DISABLE TRIGGER audit_retentionschedule_guard;
    UPDATE public.audit_retentionschedule SET assignments = seed WHERE assignments = old;
    ALTER TABLE public.audit_retentionschedule
        ENABLE ALWAYS TRIGGER audit_retentionschedule_guard;
    SET CONSTRAINTS ALL DEFERRED;
END $f$;
"""


class Migration(migrations.Migration):
    dependencies = [("audit", "0016_closed_alarms")]

    operations = [migrations.RunSQL(RENEW, migrations.RunSQL.noop)]
