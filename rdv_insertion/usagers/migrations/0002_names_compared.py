"""Names are compared by their sorted words, the birth name too."""

from django.db import migrations, models

from rdv_insertion.kernel.bulk import update_columns
from rdv_insertion.kernel.text import fold

_BLOCK = 5_000


def _key(last_name, first_name):
    return " ".join(sorted(f"{fold(last_name)} {fold(first_name)}".split()))


def sort_words(apps, schema_editor):
    usagers = apps.get_model("usagers", "Usager").objects
    known = usagers.only("last_name", "first_name", "birth_name").order_by("pk")
    block = list(known[:_BLOCK])
    while block:
        for usager in block:
            usager.name_key = _key(usager.last_name, usager.first_name)
            usager.birth_name_key = (
                _key(usager.birth_name, usager.first_name) if usager.birth_name else None
            )
        update_columns(block, ["name_key", "birth_name_key"])
        block = list(known.filter(pk__gt=block[-1].pk)[:_BLOCK])


class Migration(migrations.Migration):
    dependencies = [("usagers", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="usager",
            name="birth_name_key",
            field=models.CharField(
                editable=False, max_length=210, null=True, verbose_name="nom de naissance comparé"
            ),
        ),
        migrations.RunPython(sort_words, migrations.RunPython.noop, elidable=True),
        migrations.RemoveIndex(model_name="usager", name="usager_by_birth_date"),
        migrations.AddIndex(
            model_name="usager",
            index=models.Index(
                fields=["department", "birth_date"],
                include=["name_key", "birth_name_key", "id"],
                name="usager_by_birth_date",
            ),
        ),
    ]
