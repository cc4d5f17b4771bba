from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("comms", "0006_dry_run_jobs")]

    operations = [
        migrations.AddField(
            model_name=model,
            name="exercise",
            field=models.BooleanField(default=False, editable=False, verbose_name="exercise"),
        )
        for model in ("notice", "historicalnotice")
    ]
