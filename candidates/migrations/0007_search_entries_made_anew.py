from django.db import migrations, models

import candidates.search


class Migration(migrations.Migration):

    dependencies = [
        ('candidates', '0006_assessments'),
    ]

    operations = [
        migrations.AddField('searchentry', 'made_by', models.PositiveSmallIntegerField(db_default=0)),
        migrations.AddIndex(
            'searchentry', models.Index(fields=['made_by', 'candidate'], name='search_entries_by_making')
        ),
        # SQLite has made the table anew, and its triggers went with the old one.
        migrations.RunPython(candidates.search.renew_index, candidates.search.renew_index),
    ]
