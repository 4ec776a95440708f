"""Triggers that refuse any change of what is written once: audit entries, config versions."""

from django.db import migrations

FORWARDS = """
CREATE FUNCTION trading_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '%: % refused, rows are append-only', TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'integrity_constraint_violation';
END $$;

CREATE TRIGGER audit_no_change BEFORE UPDATE OR DELETE ON trading_auditentry
    FOR EACH ROW EXECUTE FUNCTION trading_refuse_change();
CREATE TRIGGER audit_no_truncate BEFORE TRUNCATE ON trading_auditentry
    FOR EACH STATEMENT EXECUTE FUNCTION trading_refuse_change();
CREATE TRIGGER config_no_change BEFORE UPDATE OR DELETE ON trading_configversion
    FOR EACH ROW EXECUTE FUNCTION trading_refuse_change();
CREATE TRIGGER config_no_truncate BEFORE TRUNCATE ON trading_configversion
    FOR EACH STATEMENT EXECUTE FUNCTION trading_refuse_change();
"""

BACKWARDS = """
DROP TRIGGER config_no_truncate ON trading_configversion;
DROP TRIGGER config_no_change ON trading_configversion;
DROP TRIGGER audit_no_truncate ON trading_auditentry;
DROP TRIGGER audit_no_change ON trading_auditentry;
DROP FUNCTION trading_refuse_change();
"""


class Migration(migrations.Migration):
    """Guard the append-only tables."""

    dependencies = [("trading", "0001_initial")]

    operations = [migrations.RunSQL(FORWARDS, BACKWARDS)]
