"""The groups Recruiter, Reviewer and Ops, and what each may do."""

from django.apps.registry import Apps
from django.contrib.auth.management import create_permissions
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

RECRUITER = [
    "candidates.view_candidate", "candidates.add_candidate", "candidates.change_candidate",
    "candidates.review_candidate", "candidates.view_resumeversion",
    "capture.view_cvcapture", "capture.add_cvcapture", "capture.review_cvcapture",
    "uploads.view_document", "uploads.add_document", "uploads.change_document", "uploads.download_document",
]
REVIEWER = [*RECRUITER, "candidates.merge_candidate", "candidates.delete_candidate"]
OPS = [
    "uploads.run_ops", "uploads.view_requesttrace", "uploads.view_errorlog",
    "capture.view_devicetoken", "capture.add_devicetoken", "capture.change_devicetoken",
    "capture.view_devicereport", "capture.view_detectedfile", "capture.change_detectedfile",
    "capture.view_monitorpolicy", "capture.add_monitorpolicy", "capture.change_monitorpolicy",
    "axes.view_accessattempt", "axes.change_accessattempt",
]
GROUPS = {"Recruiter": RECRUITER, "Reviewer": REVIEWER, "Ops": OPS}


def make_groups(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    Group, Permission = apps.get_model("auth", "Group"), apps.get_model("auth", "Permission")
    for label in ("uploads", "capture", "candidates", "axes"):
        # Django makes permissions after all migrations; the groups need them now.
        config = apps.get_app_config(label)
        config.models_module = True
        create_permissions(config, apps=apps, verbosity=0)
        config.models_module = None
    for name, rights in GROUPS.items():
        group, _ = Group.objects.get_or_create(name=name)
        for right in rights:
            label, codename = right.split(".")
            permission = Permission.objects.get(content_type__app_label=label, codename=codename)
            group.permissions.add(permission)


class Migration(migrations.Migration):
    dependencies = [
        ("axes", "0009_add_session_hash"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
        ("uploads", "0001_initial"),
        ("capture", "0002_desktops"),
        ("candidates", "0001_initial"),
    ]
    operations = [migrations.RunPython(make_groups, migrations.RunPython.noop)]
