"""Voices that were tried, or are about to be, need not be tried again; those from before there were checks do."""

from django.db import migrations, models
from django.db.models import Q


def note(apps, schema_editor):
    voices = apps.get_model("models_app", "VoiceModel").objects.using(schema_editor.connection.alias)
    checks = apps.get_model("models_app", "VoiceCheck").objects.using(schema_editor.connection.alias)
    voices.filter(~Q(state="unchecked") | Q(pk__in=checks.values("voice"))).update(check_version=1)


class Migration(migrations.Migration):
    dependencies = [("models_app", "0011_reading_again")]

    operations = [
        migrations.AddField(
            model_name="voicemodel",
            name="check_version",
            field=models.PositiveSmallIntegerField(default=0, editable=False, help_text="of the last one asked for"),
        ),
        migrations.RunPython(note, migrations.RunPython.noop),
    ]
