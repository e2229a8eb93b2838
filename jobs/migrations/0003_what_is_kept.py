import django.db.models.deletion
from django.db import migrations, models

CHUNK = 500


def note_uploads(apps, _schema):
    items = apps.get_model("jobs", "Item").objects.filter(source__ref__kind="house")
    upload = apps.get_model("jobs", "Upload")
    rows = (upload(job_id=job, key=source["ref"]["location"]) for job, source in items.values_list("job", "source"))
    upload.objects.bulk_create(rows, batch_size=CHUNK, ignore_conflicts=True)


class Migration(migrations.Migration):

    dependencies = [
        ('jobs', '0002_what_an_output_covers'),
    ]

    operations = [
        migrations.CreateModel(
            name='Upload',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(db_index=True, max_length=255)),
                ('job', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='uploads', to='jobs.job')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('job', 'key'), name='upload_of_job')],
            },
        ),
        migrations.AddField(
            model_name='job',
            name='deleted_at',
            field=models.DateTimeField(blank=True, editable=False, help_text='Set: nobody finds it, and its files and rows are on their way out.', null=True),
        ),
        migrations.AddField(
            model_name='job',
            name='results_purged_at',
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name='job',
            name='uploads_purged_at',
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name='output',
            name='purged_at',
            field=models.DateTimeField(blank=True, editable=False, help_text='When it was deleted from the house storage.', null=True),
        ),
        migrations.RunPython(note_uploads, migrations.RunPython.noop),
    ]
