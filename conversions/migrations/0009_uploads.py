import uuid

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import conversions.uploads.models


class Migration(migrations.Migration):
    dependencies = [
        ("conversions", "0008_presets"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Upload",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("file", models.FileField(editable=False, upload_to=conversions.uploads.models.upload_path)),
                ("name", models.CharField(editable=False, help_text="as its person calls it", max_length=120)),
                ("media_type", models.CharField(editable=False, max_length=40)),
                ("seconds", models.FloatField(editable=False, null=True)),
                ("stored_bytes", models.BigIntegerField(default=0, editable=False)),
                ("created_at", models.DateTimeField(db_index=True, default=django.utils.timezone.now, editable=False)),
                ("used_at", models.DateTimeField(db_index=True, default=django.utils.timezone.now, editable=False)),
                (
                    "owner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={"ordering": ("-created_at", "id")},
        ),
    ]
