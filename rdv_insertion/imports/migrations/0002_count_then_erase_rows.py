"""Rows of earlier imports are counted and erased: their people are written, and their form is another one."""

from collections import Counter

from django.db import migrations, models
from django.db.models import F
from django.db.models.functions import Now


def keep_counts(apps, schema_editor):
    runs = apps.get_model("imports", "ImportRun").objects
    rows = apps.get_model("imports", "ImportRow").objects
    counts: dict[int, Counter[str]] = {}
    states = rows.order_by().values_list("run", "state").annotate(number=models.Count("pk"))
    for run_id, state, number in states:
        counts.setdefault(run_id, Counter())[state] += number
    for run in runs.all():
        run.counts = dict(counts.get(run.pk, {}))
        run.save(update_fields=["counts"])
    runs.update(kept_until=F("created_at"), erased_at=Now(), stage="done")
    rows.all().delete()
    apps.get_model("imports", "ImportFile").objects.all().delete()


class Migration(migrations.Migration):
    dependencies = [("imports", "0001_initial")]

    operations = [
        migrations.AddField(
            "importrun",
            "counts",
            models.JSONField(default=dict, verbose_name="lignes par état, une fois effacées"),
        ),
        migrations.AddField(
            "importrun", "kept_until", models.DateTimeField(null=True, verbose_name="lignes gardées jusqu'au")
        ),
        migrations.AddField(
            "importrun",
            "erased_at",
            models.DateTimeField(blank=True, null=True, verbose_name="lignes effacées le"),
        ),
        migrations.RunPython(keep_counts, migrations.RunPython.noop, elidable=True),
    ]
