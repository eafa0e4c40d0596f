import uuid

from django.db import migrations

STARTER = uuid.uuid5(uuid.NAMESPACE_URL, "voiceproject:starter")
HERTZ = 108.0


def say_it(apps, schema_editor):
    """Starters of before there was a usual pitch have none: say it once, and leave what somebody said."""
    voices = apps.get_model("models_app", "VoiceModel").objects.using(schema_editor.connection.alias)
    voices.filter(pk=STARTER, usual_f0=None).update(usual_f0=HERTZ)


class Migration(migrations.Migration):
    dependencies = [("models_app", "0014_favourites")]

    operations = [migrations.RunPython(say_it, migrations.RunPython.noop)]
