"""The consent ledger is append-only, and investors are never deleted.

First line: the application role loses the rights. Second line: the ledger's own trigger function
(`audit_refuse`), which fires whatever session_replication_role says.
"""

from django.db import migrations

from core.embedded import APP_ROLE

PROTECT = f"""
CREATE TRIGGER investors_consententry_append_only
    BEFORE UPDATE OR DELETE OR TRUNCATE ON investors_consententry
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse();
ALTER TABLE investors_consententry ENABLE ALWAYS TRIGGER investors_consententry_append_only;
REVOKE ALL ON investors_consententry FROM {APP_ROLE};
GRANT SELECT, INSERT ON investors_consententry TO {APP_ROLE};
CREATE TRIGGER investors_consentnotice_append_only
    BEFORE UPDATE OR DELETE OR TRUNCATE ON investors_consentnotice
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse();
ALTER TABLE investors_consentnotice ENABLE ALWAYS TRIGGER investors_consentnotice_append_only;
REVOKE ALL ON investors_consentnotice FROM {APP_ROLE};
GRANT SELECT, INSERT ON investors_consentnotice TO {APP_ROLE};
REVOKE DELETE, TRUNCATE ON investors_investor FROM {APP_ROLE};
"""

UNPROTECT = f"""
DROP TRIGGER investors_consententry_append_only ON investors_consententry;
DROP TRIGGER investors_consentnotice_append_only ON investors_consentnotice;
GRANT SELECT, INSERT, UPDATE, DELETE ON investors_consententry TO {APP_ROLE};
GRANT SELECT, INSERT, UPDATE, DELETE ON investors_consentnotice TO {APP_ROLE};
GRANT DELETE ON investors_investor TO {APP_ROLE};
"""


class Migration(migrations.Migration):
    dependencies = [("investors", "0001_initial"), ("audit", "0002_protection")]

    operations = [migrations.RunSQL(PROTECT, UNPROTECT)]
