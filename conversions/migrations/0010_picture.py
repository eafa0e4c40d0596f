from django.db import migrations, models

import conversions.models


class Migration(migrations.Migration):

    dependencies = [
        ('conversions', '0009_pitch_mode'),
    ]

    operations = [
        migrations.AddField(
            model_name='conversion',
            name='picture',
            field=models.FileField(blank=True, editable=False, upload_to=conversions.models.picture_path),
        ),
        migrations.AlterField(
            model_name='conversion',
            name='stored_bytes',
            field=models.BigIntegerField(default=0, editable=False, help_text='recording, result and picture'),
        ),
    ]
