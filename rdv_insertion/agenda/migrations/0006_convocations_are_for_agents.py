from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("agenda", "0005_convocations"),
    ]

    operations = [
        migrations.AddConstraint(
            model_name="motif",
            constraint=models.CheckConstraint(
                condition=models.Q(("convocation", False), ("bookable_by", "agents"), _connector="OR"),
                name="motif_of_convocation_is_for_agents",
                violation_error_message="Une convocation est prise par les agents seulement.",
            ),
        ),
    ]
