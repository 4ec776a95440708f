from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('trading', '0006_live_mode'),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='signal',
            name='signal_direction',
        ),
        migrations.AddConstraint(
            model_name='signal',
            constraint=models.CheckConstraint(condition=models.Q(('direction__in', [-1, 0, 1])), name='signal_direction'),
        ),
    ]
