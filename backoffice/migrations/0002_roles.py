"""The three roles as groups; what each may do is said in `backoffice/permissions.py`."""

from django.db import migrations

ROLES = ("viewer", "operator", "admin")


def add_groups(apps, schema_editor):
    group = apps.get_model("auth", "Group")
    for name in ROLES:
        group.objects.get_or_create(name=name)


class Migration(migrations.Migration):
    """Add the groups; going back leaves them, people may be in them."""

    dependencies = [
        ("backoffice", "0001_initial"),
        ("auth", "0012_alter_user_first_name_max_length"),
    ]

    operations = [migrations.RunPython(add_groups, migrations.RunPython.noop)]
