from django.db import migrations


class Migration(migrations.Migration):
    """The table stays as it is; its model now lives in `uploads`."""

    dependencies = [("candidates", "0007_search_entries_made_anew"), ("uploads", "0006_tombstones")]
    operations = [migrations.SeparateDatabaseAndState(state_operations=[migrations.DeleteModel("Tombstone")])]
