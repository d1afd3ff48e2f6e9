from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('uploads', '0004_tus_tails'),
    ]

    operations = [
        migrations.AddField(
            model_name='uploadsession',
            name='appender',
            field=models.UUIDField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='uploadsession',
            name='tail_writer',
            field=models.UUIDField(blank=True, null=True),
        ),
    ]
