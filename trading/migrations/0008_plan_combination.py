import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('trading', '0007_signal_without_direction'),
    ]

    operations = [
        migrations.AddField(
            model_name='plan',
            name='combination',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='combined', to='trading.plan'),
        ),
        migrations.AddField(
            model_name='plan',
            name='kind',
            field=models.CharField(blank=True, default='', max_length=30),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name='plan',
            name='outlook',
            field=models.JSONField(blank=True, null=True),
        ),
    ]
