"""Keys of the time when each person had one, kept as they were, become tokens whose digest is kept."""

import hashlib

from django.db import migrations
from django.utils import timezone

SCOPES = ["read", "convert", "voices", "admin"]  # as much as they could do
OLD = "authtoken_token"


def hash_old_tokens(apps, schema_editor):
    connection = schema_editor.connection
    if OLD not in connection.introspection.table_names():
        return
    AccessToken = apps.get_model("accounts", "AccessToken")
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT key, user_id FROM {OLD}")
        for key, owner in cursor.fetchall():
            AccessToken.objects.create(
                owner_id=owner,
                name="From before tokens had names",
                digest=hashlib.sha256(key.encode()).hexdigest(),
                beginning=key[:6],
                scopes=SCOPES,
                created_at=timezone.now(),
            )
        if connection.vendor == "sqlite":
            cursor.execute("PRAGMA secure_delete = ON")  # keys do not stay readable in pages that are free
        cursor.execute(f"DELETE FROM {OLD}")
        cursor.execute(f"DROP TABLE {OLD}")


class Migration(migrations.Migration):

    dependencies = [("accounts", "0002_access_tokens")]

    operations = [migrations.RunPython(hash_old_tokens, migrations.RunPython.noop)]
