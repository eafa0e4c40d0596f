from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("conversions", "0013_newest"),
    ]

    operations = [
        migrations.AddField(
            model_name="piece",
            name="passage",
            field=models.PositiveIntegerField(help_text="of the text that is spoken, from 0", null=True),
        ),
        migrations.AddField(
            model_name="piece",
            name="spoken_seconds",
            field=models.FloatField(help_text="then silence follows", null=True),
        ),
    ]
