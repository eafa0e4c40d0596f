"""The ends of addresses that may be keys go from imports that have ended, as they do from now on when one ends."""

from django.db import migrations


def cut(apps, schema_editor):
    imports = apps.get_model("models_app", "VoiceImport").objects.using(schema_editor.connection.alias)
    for job in imports.filter(state__in=("done", "failed", "cancelled", "rejected")).only("url", "index_url"):
        for name in ("url", "index_url"):
            place, _, query = getattr(job, name).partition("?")
            if query and query != "download=true":
                imports.filter(pk=job.pk).update(**{name: f"{place}?…"})


class Migration(migrations.Migration):
    dependencies = [("models_app", "0009_stored_digests")]

    operations = [migrations.RunPython(cut, migrations.RunPython.noop)]
