"""What must hold for risks below Python: legal moves, four eyes over an acceptance, attendance
that stands once a round is closed, rows that nobody edits, and the history tied to the ledger."""

from django.db import migrations
from django.utils import timezone

from core import appendonly
from core.embedded import APP_ROLE
from core.history import sql
from core.reviewed import sql as reviewed
from core.reviewed.rules import content_hash
from core.shipping import settle
from crisis.risks.matrix.rules import SHIPPED, canonical, content_of
from crisis.risks.rounds.rules import MACHINE as ROUND_MACHINE
from crisis.risks.rules import ACCEPTANCE as ACCEPTANCE_MACHINE
from crisis.risks.rules import MACHINE as RISK_MACHINE

MATRIX = "crisis_riskmatrixversion"


def guard(table: str, body: str) -> migrations.RunSQL:
    """A row trigger before inserts and updates; nothing is deleted by the application."""
    name = f"{table}_guard"
    return migrations.RunSQL(
        f"""
CREATE FUNCTION {name}() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
{body}
    RETURN NEW;
END $$;
CREATE TRIGGER {name} BEFORE INSERT OR UPDATE ON {table}
    FOR EACH ROW EXECUTE FUNCTION {name}();
ALTER TABLE {table} ENABLE ALWAYS TRIGGER {name};
REVOKE DELETE, TRUNCATE ON {table} FROM {APP_ROLE};
""",
        f"""
DROP TRIGGER {name} ON {table};
DROP FUNCTION {name}();
GRANT DELETE ON {table} TO {APP_ROLE};
""",
    )


def refuse(condition: str, words: str) -> str:
    """SQL that raises `words` when `condition` holds."""
    return f"""
    IF {condition} THEN
        RAISE EXCEPTION '{words}' USING ERRCODE = 'check_violation';
    END IF;"""


def changed(*columns: str) -> str:
    """SQL: one of `columns` is not as it was."""
    new, old = (", ".join(f"{row}.{column}" for column in columns) for row in ("NEW", "OLD"))
    return f"TG_OP = 'UPDATE' AND ({new}) IS DISTINCT FROM ({old})"


def moved(machine) -> str:
    """SQL: an update makes a move that `machine` does not know."""
    return f"TG_OP = 'UPDATE' AND NOT {machine.sql_condition()}"


_ACTIVE = (
    "EXISTS (SELECT FROM public.crisis_riskacceptance a "
    "WHERE a.risk_id = NEW.id AND a.state = 'active')"
)
_ASSESSED = (
    "(SELECT count(DISTINCT a.stage) FROM public.crisis_riskassessment a "
    "WHERE a.risk_id = NEW.id AND a.stage IN ('inherent', 'current')) = 2"
)
RISK = "".join(
    [
        refuse("TG_OP = 'INSERT' AND NEW.state <> 'draft'", "a risk starts as a draft"),
        refuse(moved(RISK_MACHINE), "a risk cannot move like that"),
        refuse(
            changed("id", "code", "created_at", "created_by_id", "salt", "round_id"),
            "the origin of a risk cannot change",
        ),
        refuse(
            f"NEW.state = 'open' AND NOT {_ASSESSED}",
            "a risk cannot open before it was assessed",
        ),
        refuse(
            f"(NEW.state = 'accepted') IS DISTINCT FROM {_ACTIVE}",
            "a risk cannot be accepted without an acceptance in force, nor left with one",
        ),
    ]
)
_OWNER = "(SELECT r.owner_id FROM public.crisis_risk r WHERE r.id = NEW.risk_id)"
_DECISION = "NEW.state IN ('active', 'declined') AND TG_OP = 'UPDATE' AND OLD.state = 'proposed'"
ACCEPTANCE = "".join(
    [
        refuse("TG_OP = 'INSERT' AND NEW.state <> 'proposed'", "an acceptance starts proposed"),
        refuse(moved(ACCEPTANCE_MACHINE), "an acceptance cannot move like that"),
        refuse(
            changed(
                "id", "risk_id", "reason", "expires_on", "likelihood", "impact",
                "proposed_by_id", "proposed_at",
            ),
            "what was proposed cannot change",
        ),
        refuse(
            f"({_DECISION}) AND (NEW.decided_by_id IS NULL OR NEW.decided_by_id = "
            f"NEW.proposed_by_id OR NEW.decided_by_id = {_OWNER})",
            "four eyes: who proposed it or owns the risk cannot decide",
        ),
        refuse(
            f"TG_OP = 'UPDATE' AND NOT ({_DECISION}) AND "
            "(NEW.decided_by_id, NEW.decided_at) IS DISTINCT FROM "
            "(OLD.decided_by_id, OLD.decided_at)",
            "a decision cannot change",
        ),
    ]
)  # fmt: skip
ROUND = "".join(
    [
        refuse("TG_OP = 'INSERT' AND NEW.state <> 'planned'", "a round starts planned"),
        refuse(moved(ROUND_MACHINE), "a round cannot move like that"),
        refuse(
            "TG_OP = 'UPDATE' AND OLD.state <> 'planned' AND NEW IS DISTINCT FROM OLD",
            "a round that is over cannot change",
        ),
        refuse(changed("id", "created_at", "salt"), "the origin of a round cannot change"),
    ]
)
_ROUND_STATE = "(SELECT r.state FROM public.crisis_riskround r WHERE r.id = NEW.round_id)"
ATTENDANCE = "".join(
    [
        refuse(f"{_ROUND_STATE} <> 'planned'", "attendance of a round that is over cannot change"),
        refuse(changed("id", "round_id", "person_id"), "attendance cannot change its person"),
    ]
)
CONTROL = "".join(
    [
        refuse(changed("id", "code", "created_at", "salt"), "a control cannot change its origin"),
        refuse(
            "TG_OP = 'UPDATE' AND OLD.retired_at IS NOT NULL AND NEW IS DISTINCT FROM OLD",
            "a retired control cannot change",
        ),
    ]
)
USE = "".join(
    [
        refuse(
            changed("id", "risk_id", "control_id", "strength", "since"),
            "what a control does cannot change; end it and begin anew",
        ),
        refuse(
            "TG_OP = 'UPDATE' AND OLD.ended_at IS NOT NULL AND NEW IS DISTINCT FROM OLD",
            "what has ended cannot change",
        ),
    ]
)
LINK = refuse(
    "EXISTS (SELECT FROM public.crisis_link l WHERE (l.one_kind, l.one_id, l.other_kind, "
    "l.other_id) = (NEW.one_kind, NEW.one_id, NEW.other_kind, NEW.other_id) AND NOT EXISTS "
    "(SELECT FROM public.crisis_unlink u WHERE u.link_id = l.id))",
    "two things cannot be linked twice",
)
GUARDS = {
    "crisis_riskmatrix": refuse(changed("id", "code"), "the matrix cannot change its name"),
    "crisis_risk": RISK,
    "crisis_riskacceptance": ACCEPTANCE,
    "crisis_riskround": ROUND,
    "crisis_riskattendance": ATTENDANCE,
    "crisis_riskcontrol": CONTROL,
    "crisis_riskcontroluse": USE,
    "crisis_link": LINK,
}
APPEND_ONLY = (
    "crisis_riskassessment", "crisis_riskcontrolevidence", "crisis_link", "crisis_unlink",
)  # fmt: skip
HISTORY = {
    "crisis_risk": "crisis_historicalrisk",
    "crisis_riskacceptance": "crisis_historicalacceptance",
    "crisis_riskround": "crisis_historicalround",
    "crisis_riskattendance": "crisis_historicalattendance",
    "crisis_riskcontrol": "crisis_historicalcontrol",
    "crisis_riskcontroluse": "crisis_historicalcontroluse",
    MATRIX: "crisis_historicalriskmatrixversion",
}


def ship(apps, schema_editor):
    """Put the shipped matrix in force."""
    matrix = (
        apps.get_model("crisis", "RiskMatrix")
        .objects.using(schema_editor.connection.alias)
        .create(code="risk")
    )
    apps.get_model("crisis", "RiskMatrixVersion").objects.using(
        schema_editor.connection.alias
    ).create(
        matrix=matrix,
        number=1,
        state="approved",
        content_hash=content_hash(canonical(SHIPPED)),
        edited_at=timezone.now(),
        **content_of(SHIPPED),
    )
    settle(schema_editor)


def take_back(apps, schema_editor):
    apps.get_model("crisis", "RiskMatrixVersion").objects.using(
        schema_editor.connection.alias
    ).all().delete()
    apps.get_model("crisis", "RiskMatrix").objects.using(
        schema_editor.connection.alias
    ).all().delete()
    settle(schema_editor)


class Migration(migrations.Migration):
    dependencies = [("crisis", "0009_risks"), ("core", "0003_history")]

    operations = [
        migrations.RunPython(ship, take_back),
        migrations.RunSQL(
            reviewed.guard(
                table=MATRIX, parent="matrix_id", content=("likelihood", "impact", "cells")
            ),
            reviewed.unguard(table=MATRIX),
        ),
        migrations.RunSQL(
            f"REVOKE INSERT ON crisis_riskmatrix FROM {APP_ROLE}",
            f"GRANT INSERT ON crisis_riskmatrix TO {APP_ROLE}",
        ),
        *(guard(table, body) for table, body in GUARDS.items()),
        *(
            migrations.RunSQL(appendonly.refuse(table), appendonly.allow(table))
            for table in APPEND_ONLY
        ),
        *(operation for table, kept in HISTORY.items() for operation in sql.track(table, kept)),
    ]
