"""What must be kept is not emptied or made to look old either: by UPDATE the application could
else do what it may not do by DELETE.

The content of a message goes only on its day and outside a hold; while a delivery is being sent,
a refused attempt may drop its own. A message in the inbox, and a receipt once it was dealt with,
stay as they were written; and the instants from which periods count do not move.
"""

from django.db import migrations

HEAD = "LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$"

KEEP = f"""
CREATE FUNCTION audit_retention_keep_delivery() RETURNS trigger {HEAD}
BEGIN
    IF NEW.created_at IS DISTINCT FROM OLD.created_at OR NOT EXISTS (
        SELECT FROM comms_notice n, audit_retention_relationship(OLD.investor_id) rel
        WHERE n.id = OLD.notice_id AND audit_retention_due('communication',
            greatest(OLD.created_at, OLD.updated_at), rel.line, rel.ended)
          AND NOT EXISTS (SELECT FROM audit_legalhold h WHERE h.released_at IS NULL AND (
              h.investor = OLD.investor_id OR h.notice = OLD.notice_id
              OR h.staff IN (n.prepared_by_id, n.submitted_by_id, n.released_by_id)
              OR OLD.updated_at >= h.period_from AND OLD.created_at < h.period_to))
    ) THEN
        RAISE EXCEPTION 'delivery % is kept: a retention duty or a legal hold is in force', OLD.id
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER audit_retention_keep BEFORE UPDATE ON comms_delivery FOR EACH ROW
    WHEN (NEW.created_at IS DISTINCT FROM OLD.created_at
          OR OLD.content_sealed IS NOT NULL AND NEW.content_sealed IS NULL
             AND OLD.state <> 'sending')
    EXECUTE FUNCTION audit_retention_keep_delivery();
ALTER TABLE comms_delivery ENABLE ALWAYS TRIGGER audit_retention_keep;

CREATE FUNCTION audit_retention_keep_row() RETURNS trigger {HEAD}
BEGIN
    RAISE EXCEPTION 'what % holds is kept as it was written', TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER audit_retention_keep BEFORE UPDATE ON comms_inboxmessage FOR EACH ROW
    WHEN ((NEW.delivery_id, NEW.investor_id, NEW.notice_id, NEW.created_at, NEW.body_sealed)
          IS DISTINCT FROM
          (OLD.delivery_id, OLD.investor_id, OLD.notice_id, OLD.created_at, OLD.body_sealed))
    EXECUTE FUNCTION audit_retention_keep_row();
ALTER TABLE comms_inboxmessage ENABLE ALWAYS TRIGGER audit_retention_keep;
CREATE TRIGGER audit_retention_keep BEFORE UPDATE ON comms_rawreceipt FOR EACH ROW
    WHEN (NEW.received_at IS DISTINCT FROM OLD.received_at
          OR OLD.processed_at IS NOT NULL AND NEW.body IS DISTINCT FROM OLD.body)
    EXECUTE FUNCTION audit_retention_keep_row();
ALTER TABLE comms_rawreceipt ENABLE ALWAYS TRIGGER audit_retention_keep;
"""

UNDO = """
DROP TRIGGER audit_retention_keep ON comms_delivery;
DROP TRIGGER audit_retention_keep ON comms_inboxmessage;
DROP TRIGGER audit_retention_keep ON comms_rawreceipt;
DROP FUNCTION audit_retention_keep_delivery(), audit_retention_keep_row();
"""


class Migration(migrations.Migration):
    dependencies = [("audit", "0012_history"), ("comms", "0002_protection")]

    operations = [migrations.RunSQL(KEEP, UNDO)]
