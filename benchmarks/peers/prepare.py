"""Makes the peers' tables and a user, and prints the user's token."""

import os
import sys

import django

os.environ["DJANGO_SETTINGS_MODULE"] = "benchmarks.peers.settings"
django.setup()

from django.contrib.auth.models import User  # noqa: E402
from django.core.management import call_command  # noqa: E402
from rest_framework.authtoken.models import Token  # noqa: E402

call_command("migrate", run_syncdb=True, verbosity=0)
user, _ = User.objects.get_or_create(username="bench")
sys.stdout.write(Token.objects.get_or_create(user=user)[0].key)
