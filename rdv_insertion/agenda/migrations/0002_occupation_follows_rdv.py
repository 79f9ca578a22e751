"""Make the copied columns of RdvAgent follow the rdv, by the database itself.

`ON UPDATE CASCADE` moves the agent's time with the rdv, in the statement that moves it, so that the
exclusion constraint judges the new time at once.
"""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("agenda", "0001_initial")]

    operations = [
        migrations.RunSQL(
            """
            ALTER TABLE agenda_rdvagent ADD CONSTRAINT rdv_agent_follows_rdv
            FOREIGN KEY (rdv_id, starts_at, ends_at, busy, overbooked)
            REFERENCES agenda_rdv (id, starts_at, ends_at, busy, overbooked)
            ON UPDATE CASCADE ON DELETE CASCADE
            """,
            "ALTER TABLE agenda_rdvagent DROP CONSTRAINT rdv_agent_follows_rdv",
        ),
    ]
