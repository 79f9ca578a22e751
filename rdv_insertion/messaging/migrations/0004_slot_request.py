from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("messaging", "0003_import_results"),
    ]

    operations = [
        migrations.AlterField(
            model_name="message",
            name="purpose",
            field=models.CharField(
                choices=[
                    ("invitation", "Invitation à choisir un créneau"),
                    ("rdv_created", "Confirmation de rendez-vous"),
                    ("rdv_updated", "Rendez-vous déplacé"),
                    ("rdv_cancelled", "Rendez-vous annulé"),
                    ("rdv_reminder", "Rappel de rendez-vous"),
                    ("earlier_slot", "Créneau plus tôt proposé"),
                    ("agent_rdv", "Rendez-vous d'un agent"),
                    ("prescription", "Rendez-vous pris par un partenaire"),
                    ("no_slot", "Plus de créneau"),
                    ("slot_request", "Demande de créneaux"),
                    ("import_result", "Résultat d'un import automatique"),
                ],
                max_length=30,
                verbose_name="objet",
            ),
        ),
    ]
