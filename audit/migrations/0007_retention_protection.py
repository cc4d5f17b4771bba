"""What must hold for retention below Python: no rule changes but in a draft, no approval by an
editor, no release of a hold by the one who placed it, nothing shredded before its day.

The functions read the approved schedule themselves, so that the second line of defence does not
depend on what a program passes in, and they know the database's own clock only.

The retention schedule as shipped: version 1, with every row of the statutory table and its
source. The firm counts as being under all three jurisdictions until compliance says otherwise,
because the longest duty wins.
"""

import datetime as dt

from django.db import migrations

from core.embedded import APP_ROLE

HEAD = "LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$"

DAYS = """
CREATE FUNCTION audit_retention_add(day date, amount integer, unit text) RETURNS date
LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN unit = 'days' THEN day + amount ELSE (
        SELECT d + CASE WHEN extract(day FROM d) < extract(day FROM day) THEN 1 ELSE 0 END
        FROM (SELECT (day + make_interval(
            months => amount * CASE unit WHEN 'years' THEN 12 ELSE 1 END))::date AS d) moved
    ) END
$$;
CREATE FUNCTION audit_retention_day(at timestamptz) RETURNS date
LANGUAGE sql IMMUTABLE AS $$ SELECT ((at AT TIME ZONE 'UTC') + interval '14 hours')::date $$;
CREATE FUNCTION audit_retention_today() RETURNS date
LANGUAGE sql STABLE AS $$ SELECT ((now() AT TIME ZONE 'UTC') - interval '12 hours')::date $$;
"""

RULES = """
CREATE FUNCTION audit_retention_ends(
    p_kind text, p_start timestamptz, p_line uuid, p_ended timestamptz)
RETURNS TABLE (bound text, until date) LANGUAGE sql STABLE
SET search_path = pg_catalog, public, pg_temp AS $$
    WITH s AS (
        SELECT * FROM audit_retentionschedule WHERE state = 'approved'
        ORDER BY number DESC LIMIT 1
    ), places AS (
        SELECT COALESCE(
            (SELECT array_agg(x) FROM jsonb_array_elements_text(s.lines -> p_line::text) x),
            s.jurisdictions::text[]) AS codes FROM s
    )
    SELECT r.bound::text, CASE
        WHEN r.basis = 'record' THEN
            audit_retention_add(audit_retention_day(p_start), r.amount, r.unit)
        WHEN p_ended IS NOT NULL THEN
            audit_retention_add(
                audit_retention_day(greatest(p_start, p_ended)), r.amount, r.unit)
    END
    FROM audit_retentionrule r JOIN s ON s.id = r.schedule_id CROSS JOIN places
    WHERE r.active AND p_kind = ANY (r.kinds::text[])
      AND (r.jurisdictions = '{}' OR r.jurisdictions::text[] && places.codes)
$$;

-- Whether a record's last day is over. Duties: all of them. Limits count where no duty is.
CREATE FUNCTION audit_retention_due(
    p_kind text, p_start timestamptz, p_line uuid, p_ended timestamptz)
RETURNS boolean LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT CASE WHEN bool_or(bound = 'at_least')
        THEN bool_and(COALESCE(until < audit_retention_today(), false))
             FILTER (WHERE bound = 'at_least')
        ELSE COALESCE(bool_or(COALESCE(until < audit_retention_today(), false)), false) END
    FROM audit_retention_ends(p_kind, p_start, p_line, p_ended)
$$;

-- The shortest duty or limit of a kind: nothing younger can be due. It keeps the search short.
CREATE FUNCTION audit_retention_horizon(p_kind text) RETURNS timestamptz
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT max(now() - CASE r.unit WHEN 'days' THEN make_interval(days => r.amount)
        WHEN 'months' THEN make_interval(months => r.amount)
        ELSE make_interval(years => r.amount) END)
    FROM audit_retentionrule r WHERE r.active AND p_kind = ANY (r.kinds::text[])
      AND r.schedule_id = (SELECT id FROM audit_retentionschedule WHERE state = 'approved'
                           ORDER BY number DESC LIMIT 1)
$$;
"""

SUBJECTS = """
-- An investor's business line, and when the relationship ended (NULL: it goes on).
CREATE FUNCTION audit_retention_relationship(p_subject uuid)
RETURNS TABLE (line uuid, began timestamptz, ended timestamptz) LANGUAGE sql STABLE
SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT business_line_id, created_at,
           CASE WHEN status = 'closed' THEN greatest(updated_at, created_at) END
    FROM investors_investor WHERE id = p_subject
$$;

-- The kinds of an action: those of its longest assigned prefix, else a business record.
CREATE FUNCTION audit_retention_kinds(p_action text) RETURNS SETOF text LANGUAGE sql STABLE
SET search_path = pg_catalog, public, pg_temp AS $$
    WITH fitting AS (
        SELECT a ->> 0 AS prefix, a ->> 1 AS kind
        FROM (SELECT assignments FROM audit_retentionschedule WHERE state = 'approved'
              ORDER BY number DESC LIMIT 1) s, jsonb_array_elements(s.assignments) a
        WHERE starts_with(p_action, a ->> 0)
    ), best AS (SELECT max(length(prefix)) AS n FROM fitting)
    SELECT kind FROM fitting, best WHERE length(prefix) = best.n
    UNION SELECT 'business' FROM best WHERE best.n IS NULL
$$;

-- The newest record of each kind about an investor; the profile itself is one of identity.
CREATE FUNCTION audit_retention_last(p_subject uuid)
RETURNS TABLE (kind text, at timestamptz) LANGUAGE sql STABLE
SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT kind, max(at) FROM (
        SELECT k AS kind, r.at FROM (
            SELECT action, max(greatest(recorded_at, occurred_at)) AS at FROM audit_record
            WHERE investor = p_subject GROUP BY action
        ) r CROSS JOIN LATERAL audit_retention_kinds(r.action) k
        UNION ALL
        SELECT 'identity', began FROM audit_retention_relationship(p_subject)
    ) every GROUP BY kind
$$;

-- The holds in force that touch a person: named, or through notices, staff or a period.
CREATE FUNCTION audit_retention_holds(p_subject uuid) RETURNS SETOF uuid LANGUAGE sql STABLE
SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT h.id FROM audit_legalhold h WHERE h.released_at IS NULL AND CASE h.scope
        WHEN 'investor' THEN h.investor = p_subject
        WHEN 'notice' THEN EXISTS (SELECT FROM audit_record r
            WHERE r.investor = p_subject AND r.notice = h.notice)
        WHEN 'staff' THEN h.staff = p_subject OR EXISTS (SELECT FROM audit_record r
            WHERE r.investor = p_subject
              AND (r.staff = h.staff OR r.actor = 'user:' || h.staff::text))
        ELSE EXISTS (SELECT FROM audit_record r WHERE r.investor = p_subject
            AND r.recorded_at >= h.period_from AND r.recorded_at < h.period_to)
    END
$$;

-- Whether a person's data key must stay: a hold is in force, or a duty is not over.
CREATE FUNCTION audit_retention_blocked(p_subject uuid) RETURNS boolean LANGUAGE sql STABLE
SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT EXISTS (SELECT FROM audit_retention_holds(p_subject)) OR EXISTS (
        SELECT FROM audit_retention_relationship(p_subject) i
        CROSS JOIN audit_retention_last(p_subject) l
        CROSS JOIN LATERAL audit_retention_ends(l.kind, l.at, i.line, i.ended) e
        WHERE e.bound = 'at_least'
          AND NOT COALESCE(e.until < audit_retention_today(), false))
$$;
"""

KEY = f"""
CREATE FUNCTION audit_subjectkey_guard() RETURNS trigger {HEAD}
BEGIN
    IF OLD.wrapped IS NOT NULL AND (TG_OP = 'DELETE' OR NEW.wrapped IS NULL)
       AND audit_retention_blocked(OLD.subject) THEN
        RAISE EXCEPTION 'the key of % is kept: a retention duty or a legal hold is in force',
            OLD.subject USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
    IF NEW.subject <> OLD.subject OR OLD.wrapped IS NULL AND NEW.wrapped IS NOT NULL THEN
        RAISE EXCEPTION 'a destroyed key does not come back' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER audit_subjectkey_guard BEFORE UPDATE OR DELETE ON audit_subjectkey
    FOR EACH ROW EXECUTE FUNCTION audit_subjectkey_guard();
ALTER TABLE audit_subjectkey ENABLE ALWAYS TRIGGER audit_subjectkey_guard;
REVOKE DELETE, TRUNCATE ON audit_subjectkey FROM {APP_ROLE};
"""

SHRED = f"""
-- The material of one store that is due: at most p_limit rows. Held rows come along with p_held.
CREATE FUNCTION audit_retention_material(p_store text, p_held boolean, p_limit bigint)
RETURNS TABLE (key uuid, held boolean) {HEAD}
DECLARE horizon timestamptz;
BEGIN
    IF p_store = 'receipts' THEN
        horizon := audit_retention_horizon('telemetry');
        RETURN QUERY SELECT r.id, r.held FROM (
            SELECT x.id, EXISTS (SELECT FROM audit_legalhold h WHERE h.released_at IS NULL
                AND (h.scope <> 'period' OR x.received_at >= h.period_from
                     AND x.received_at < h.period_to)) AS held
            FROM comms_rawreceipt x WHERE x.received_at < horizon AND x.processed_at IS NOT NULL
              AND audit_retention_due('telemetry', x.received_at, NULL, NULL)
        ) r WHERE p_held OR NOT r.held LIMIT p_limit;
    ELSIF p_store IN ('contents', 'inbox') THEN
        horizon := audit_retention_horizon('communication');
        RETURN QUERY SELECT r.id, r.held FROM (
            SELECT d.id, EXISTS (SELECT FROM audit_legalhold h WHERE h.released_at IS NULL AND (
                h.investor = d.investor_id OR h.notice = d.notice_id
                OR h.staff IN (n.prepared_by_id, n.submitted_by_id, n.released_by_id)
                OR d.updated_at >= h.period_from AND d.created_at < h.period_to)) AS held
            FROM comms_delivery d JOIN comms_notice n ON n.id = d.notice_id
            JOIN investors_investor i ON i.id = d.investor_id
            CROSS JOIN LATERAL audit_retention_relationship(i.id) rel
            LEFT JOIN comms_inboxmessage m ON m.delivery_id = d.id
            WHERE greatest(d.created_at, d.updated_at, m.viewed_at, m.acknowledged_at) < horizon
              AND CASE p_store WHEN 'inbox' THEN m.delivery_id IS NOT NULL
                  ELSE d.content_sealed IS NOT NULL END
              AND audit_retention_due('communication',
                  greatest(d.created_at, d.updated_at, m.viewed_at, m.acknowledged_at),
                  i.business_line_id, rel.ended)
        ) r WHERE p_held OR NOT r.held LIMIT p_limit;
    ELSIF p_store = 'keys' THEN
        RETURN QUERY SELECT r.id, r.held FROM (
            SELECT i.id, EXISTS (SELECT FROM audit_retention_holds(i.id)) AS held
            FROM investors_investor i JOIN audit_subjectkey k
              ON k.subject = i.id AND k.wrapped IS NOT NULL
            CROSS JOIN LATERAL audit_retention_relationship(i.id) rel
            WHERE i.status = 'closed' AND i.updated_at < audit_retention_horizon('identity')
              AND (SELECT bool_and(audit_retention_due(l.kind, l.at, rel.line, rel.ended))
                   FROM audit_retention_last(i.id) l)
        ) r WHERE p_held OR NOT r.held LIMIT p_limit;
    ELSE
        RAISE EXCEPTION 'there is no store %', p_store USING ERRCODE = 'check_violation';
    END IF;
END $$;

-- Shred one bounded batch of an approved proposal; returns what went. Runs as the owner: the
-- application itself may delete none of this.
CREATE FUNCTION audit_retention_shred(p_proposal uuid, p_store text, p_limit integer)
RETURNS uuid[] SECURITY DEFINER {HEAD}
DECLARE
    keys uuid[];
BEGIN
    IF p_limit IS NULL OR p_limit < 1 OR p_limit > 1000 THEN
        RAISE EXCEPTION 'a batch is 1 to 1000' USING ERRCODE = 'check_violation';
    END IF;
    PERFORM FROM audit_retentionproposal WHERE id = p_proposal AND state = 'approved' FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'proposal % is not approved', p_proposal
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    PERFORM FROM audit_proposalitem
        WHERE proposal_id = p_proposal AND store = p_store AND finished_at IS NULL FOR UPDATE;
    IF NOT FOUND THEN RETURN '{{}}'; END IF;
    -- A hold that is being placed waits until this batch is done, or this batch sees it.
    LOCK TABLE audit_legalhold IN SHARE MODE;
    SELECT array_agg(m.key) INTO keys FROM audit_retention_material(p_store, false, p_limit) m;
    IF keys IS NULL THEN
        UPDATE audit_proposalitem SET finished_at = now()
            WHERE proposal_id = p_proposal AND store = p_store;
        RETURN '{{}}';
    END IF;
    IF p_store = 'receipts' THEN
        DELETE FROM comms_rawreceipt WHERE id = ANY (keys);
    ELSIF p_store = 'contents' THEN
        UPDATE comms_delivery SET content_sealed = NULL WHERE id = ANY (keys);
    ELSIF p_store = 'inbox' THEN
        DELETE FROM comms_inboxmessage WHERE delivery_id = ANY (keys);
    ELSE
        UPDATE audit_subjectkey SET wrapped = NULL, destroyed_at = now()
            WHERE subject = ANY (keys);
    END IF;
    UPDATE audit_proposalitem SET shredded = shredded + cardinality(keys)
        WHERE proposal_id = p_proposal AND store = p_store;
    RETURN keys;
END $$;
REVOKE ALL ON FUNCTION audit_retention_shred(uuid, text, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION audit_retention_shred(uuid, text, integer) TO {APP_ROLE};
"""

SCHEDULE = f"""
CREATE FUNCTION audit_retentionschedule_guard() RETURNS trigger {HEAD}
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'versions of the schedule stay' USING ERRCODE = 'insufficient_privilege';
    ELSIF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'draft' OR NEW.decided_by IS NOT NULL THEN
            RAISE EXCEPTION 'a version starts as a draft' USING ERRCODE = 'check_violation';
        END IF;
        RETURN NEW;
    END IF;
    IF NOT (OLD.state, NEW.state) IN (('draft', 'draft'), ('draft', 'submitted'),
        ('submitted', 'approved'), ('submitted', 'refused')) THEN
        RAISE EXCEPTION 'a version cannot go from % to %', OLD.state, NEW.state
            USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.id <> OLD.id OR NEW.number <> OLD.number OR NOT NEW.editors @> OLD.editors
       OR OLD.state <> 'draft' AND (NEW.jurisdictions, NEW.lines, NEW.assignments, NEW.reason,
           NEW.editors, NEW.submitted_by) IS DISTINCT FROM (OLD.jurisdictions, OLD.lines,
           OLD.assignments, OLD.reason, OLD.editors, OLD.submitted_by) THEN
        RAISE EXCEPTION 'only a draft can be edited' USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.state IN ('approved', 'refused') AND (NEW.decided_by IS NULL
        OR NEW.decided_by = ANY (NEW.editors) OR NEW.decided_by = NEW.submitted_by) THEN
        RAISE EXCEPTION 'somebody who had no hand in a version decides on it'
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER audit_retentionschedule_guard BEFORE INSERT OR UPDATE OR DELETE
    ON audit_retentionschedule FOR EACH ROW EXECUTE FUNCTION audit_retentionschedule_guard();

CREATE FUNCTION audit_retentionrule_guard() RETURNS trigger {HEAD}
DECLARE parent uuid;
BEGIN
    FOREACH parent IN ARRAY CASE TG_OP WHEN 'INSERT' THEN ARRAY[NEW.schedule_id]
        WHEN 'DELETE' THEN ARRAY[OLD.schedule_id]
        ELSE ARRAY[OLD.schedule_id, NEW.schedule_id] END LOOP
        PERFORM FROM audit_retentionschedule WHERE id = parent AND state = 'draft' FOR SHARE;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'only a draft can be edited' USING ERRCODE = 'check_violation';
        END IF;
    END LOOP;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE TRIGGER audit_retentionrule_guard BEFORE INSERT OR UPDATE OR DELETE
    ON audit_retentionrule FOR EACH ROW EXECUTE FUNCTION audit_retentionrule_guard();
"""

HOLD = f"""
CREATE FUNCTION audit_legalhold_guard() RETURNS trigger {HEAD}
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'holds stay' USING ERRCODE = 'insufficient_privilege';
    ELSIF TG_OP = 'INSERT' THEN
        IF NEW.released_at IS NOT NULL THEN
            RAISE EXCEPTION 'a hold starts in force' USING ERRCODE = 'check_violation';
        END IF;
        RETURN NEW;
    END IF;
    IF OLD.released_at IS NOT NULL OR NEW.released_at IS NULL
       OR (NEW.id, NEW.scope, NEW.investor, NEW.notice, NEW.staff, NEW.period_from,
           NEW.period_to, NEW.matter, NEW.reason, NEW.placed_by, NEW.placed_at)
       IS DISTINCT FROM (OLD.id, OLD.scope, OLD.investor, OLD.notice, OLD.staff,
           OLD.period_from, OLD.period_to, OLD.matter, OLD.reason, OLD.placed_by, OLD.placed_at)
    THEN
        RAISE EXCEPTION 'a hold is released once, by a second person, and changes in nothing else'
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER audit_legalhold_guard BEFORE INSERT OR UPDATE OR DELETE ON audit_legalhold
    FOR EACH ROW EXECUTE FUNCTION audit_legalhold_guard();
"""

PROPOSAL = f"""
CREATE FUNCTION audit_retentionproposal_guard() RETURNS trigger {HEAD}
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'proposals stay' USING ERRCODE = 'insufficient_privilege';
    ELSIF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'proposed' THEN
            RAISE EXCEPTION 'a proposal starts as proposed' USING ERRCODE = 'check_violation';
        END IF;
        RETURN NEW;
    END IF;
    IF NOT (OLD.state, NEW.state) IN (('proposed', 'submitted'), ('proposed', 'superseded'),
        ('submitted', 'approved'), ('submitted', 'refused'), ('approved', 'done')) THEN
        RAISE EXCEPTION 'a proposal cannot go from % to %', OLD.state, NEW.state
            USING ERRCODE = 'check_violation';
    END IF;
    IF (NEW.id, NEW.schedule_id, NEW.made_at) IS DISTINCT FROM
       (OLD.id, OLD.schedule_id, OLD.made_at)
       OR OLD.state <> 'proposed' AND NEW.submitted_by IS DISTINCT FROM OLD.submitted_by
       OR OLD.state = 'approved' AND NEW.decided_by IS DISTINCT FROM OLD.decided_by THEN
        RAISE EXCEPTION 'who put a proposal forward and who approved it stays'
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER audit_retentionproposal_guard BEFORE INSERT OR UPDATE OR DELETE
    ON audit_retentionproposal FOR EACH ROW EXECUTE FUNCTION audit_retentionproposal_guard();

CREATE FUNCTION audit_proposalitem_guard() RETURNS trigger {HEAD}
BEGIN
    PERFORM FROM audit_retentionproposal WHERE id = NEW.proposal_id AND state = 'proposed'
        FOR SHARE;
    IF NOT FOUND OR NEW.shredded <> 0 OR NEW.finished_at IS NOT NULL THEN
        RAISE EXCEPTION 'a proposal that is put forward lists nothing more'
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER audit_proposalitem_guard BEFORE INSERT ON audit_proposalitem
    FOR EACH ROW EXECUTE FUNCTION audit_proposalitem_guard();
REVOKE UPDATE, DELETE, TRUNCATE ON audit_proposalitem FROM {APP_ROLE};
"""

TABLES = (
    "audit_retentionschedule",
    "audit_retentionrule",
    "audit_legalhold",
    "audit_retentionproposal",
    "audit_proposalitem",
)
ALWAYS = "".join(
    f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_guard;\n" for table in TABLES
) + "".join(
    f"REVOKE DELETE, TRUNCATE ON {table} FROM {APP_ROLE};\n"
    for table in TABLES
    if table != "audit_retentionrule"
)
MATERIAL = f"REVOKE DELETE, TRUNCATE ON comms_rawreceipt, comms_inboxmessage FROM {APP_ROLE};"

UNDO = f"""
DROP TRIGGER audit_subjectkey_guard ON audit_subjectkey;
{"".join(f"DROP TRIGGER {table}_guard ON {table};" for table in TABLES)}
DROP FUNCTION audit_subjectkey_guard(), {", ".join(f"{table}_guard()" for table in TABLES)},
    audit_retention_shred(uuid, text, integer),
    audit_retention_material(text, boolean, bigint),
    audit_retention_blocked(uuid), audit_retention_holds(uuid), audit_retention_last(uuid),
    audit_retention_kinds(text), audit_retention_relationship(uuid),
    audit_retention_horizon(text),
    audit_retention_due(text, timestamptz, uuid, timestamptz),
    audit_retention_ends(text, timestamptz, uuid, timestamptz),
    audit_retention_today(), audit_retention_day(timestamptz),
    audit_retention_add(date, integer, text);
GRANT DELETE ON audit_subjectkey, comms_rawreceipt, comms_inboxmessage TO {APP_ROLE};
"""

SECURITIES = ["business", "books", "communication", "identity"]

# code, names, kinds, jurisdictions, bound, amount, unit, basis, source, note, in force
SHIPPED = [
    ("us-communications", "Communications (US)", "通信记录（美国）", ["communication"], ["US"],
     "at_least", 3, "years", "record", "SEC 17 CFR 240.17a-4(b)(4)",
     "头两年随时可取 First two years at hand", True),
    ("us-books", "Core books (US)", "核心账簿（美国）", ["books"], ["US"],
     "at_least", 6, "years", "record", "SEC 17 CFR 240.17a-4(a)",
     "头两年随时可取 First two years at hand", True),
    ("us-finra-default", "Records without a period of their own (FINRA)", "未另定期限的记录（FINRA）",
     [*SECURITIES, "assessment"], ["US"], "at_least", 6, "years", "record", "FINRA 4511(b)",
     "", True),
    ("eu-mifid", "Records of services (MiFID II)", "服务记录（MiFID II）", SECURITIES, ["EU"],
     "at_least", 5, "years", "record", "(EU) 2017/565 Art 76", "", True),
    ("eu-mifid-request", "Records of services, on request of the authority (MiFID II)",
     "服务记录（监管要求时，MiFID II）", SECURITIES, ["EU"],
     "at_least", 7, "years", "record", "(EU) 2017/565 Art 76",
     "监管要求时启用 Switch on when the authority asks", False),
    ("cn-securities", "Securities business (CN)", "证券业务资料（中国）", SECURITIES, ["CN"],
     "at_least", 20, "years", "record", "证券法 Art 137; 适当性管理办法 Art 32", "", True),
    ("cn-aml", "Customer identity (CN, anti-money-laundering)", "客户身份资料（中国，反洗钱）",
     ["identity"], ["CN"], "at_least", 10, "years", "relationship", "反洗钱法 2024", "", True),
    ("cn-pipl-assessment", "Impact assessments (PIPL)", "个人信息保护影响评估（中国）",
     ["assessment"], ["CN"], "at_least", 3, "years", "record", "个人信息保护法 Art 56", "", True),
    ("cn-network-logs", "Network logs (CN)", "网络日志（中国）", ["telemetry"], ["CN"],
     "at_least", 6, "months", "record", "网络安全法", "", True),
    ("house-monitoring", "Staff monitoring, not a business record", "员工监测数据（非业务记录）",
     ["monitoring"], [], "at_most", 180, "days", "record", "house rule",
     "上限而非义务 A limit, not a duty", True),
]  # fmt: skip

ASSIGNMENTS = [
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

FIELDS = ("code", "name", "name_zh", "kinds", "jurisdictions", "bound", "amount", "unit",
          "basis", "source", "note", "active")  # fmt: skip


def ship(apps, schema_editor):
    alias = schema_editor.connection.alias
    now = dt.datetime.now(dt.UTC)
    schedule = apps.get_model("audit", "RetentionSchedule").objects.using(alias).create(
        number=1, state="approved", jurisdictions=["CN", "US", "EU"], assignments=ASSIGNMENTS,
        reason="As shipped", drafted_at=now, decided_at=now,
    )  # fmt: skip
    rule = apps.get_model("audit", "RetentionRule")
    rule.objects.using(alias).bulk_create(
        rule(schedule=schedule, **dict(zip(FIELDS, row, strict=True))) for row in SHIPPED
    )


def take_back(apps, schema_editor):
    alias = schema_editor.connection.alias
    apps.get_model("audit", "RetentionRule").objects.using(alias).all().delete()
    apps.get_model("audit", "RetentionSchedule").objects.using(alias).all().delete()


class Migration(migrations.Migration):
    dependencies = [
        ("audit", "0006_retention"),
        ("investors", "0002_protection"),
        ("comms", "0002_protection"),
    ]

    operations = [
        migrations.RunPython(ship, take_back),
        migrations.RunSQL("SET CONSTRAINTS ALL IMMEDIATE", "SET CONSTRAINTS ALL IMMEDIATE"),
        migrations.RunSQL(
            DAYS + RULES + SUBJECTS + KEY + SHRED + SCHEDULE + HOLD + PROPOSAL + ALWAYS + MATERIAL,
            UNDO,
        ),
    ]
