from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('conversions', '0009_uploads'),
    ]

    operations = [
        migrations.AddField(
            model_name='conversion',
            name='pitch_mode',
            field=models.CharField(choices=[('shift', 'shift'), ('auto', 'auto')], default='shift', max_length=8, verbose_name='pitch'),
        ),
    ]
