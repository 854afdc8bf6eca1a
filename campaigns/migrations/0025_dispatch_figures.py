from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("campaigns", "0024_preflight_report")]

    operations = [migrations.RenameModel("RoundFigures", "DispatchFigures")]
