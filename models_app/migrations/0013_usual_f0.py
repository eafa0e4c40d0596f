import django.core.validators
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('models_app', '0012_check_version'),
    ]

    operations = [
        migrations.AddField(
            model_name='voicemodel',
            name='usual_f0',
            field=models.FloatField(blank=True, help_text='Hz, the median of how this voice speaks: men about 80 to 150, women about 160 to 250. Recordings and texts are brought to it by the automatic pitch.', null=True, validators=[django.core.validators.MinValueValidator(50.0), django.core.validators.MaxValueValidator(800.0)], verbose_name='usual pitch'),
        ),
    ]
