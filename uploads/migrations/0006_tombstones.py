from django.db import migrations, models


class Migration(migrations.Migration):
    """The table stays as `candidates` made it; its model now lives here."""

    dependencies = [("uploads", "0005_one_call_appends"), ("candidates", "0005_privacy")]
    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.CreateModel(
                    name="Tombstone",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("digest", models.CharField(max_length=64, unique=True)),
                        (
                            "receipt",
                            models.BigIntegerField(db_column="erasure_id", help_text="of the erasure that buried it"),
                        ),
                    ],
                    options={"db_table": "erased_keys"},
                )
            ]
        )
    ]
