from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('messaging', '0006_providers'),
    ]

    operations = [
        migrations.AddField(
            model_name='message',
            name='reply_to',
            field=models.CharField(blank=True, max_length=254, verbose_name='répondre à'),
        ),
        migrations.AddIndex(
            model_name='message',
            index=models.Index(condition=models.Q(('provider', 'ovh_sms')), fields=['provider_reference'], name='message_by_ovh_reference'),
        ),
    ]
