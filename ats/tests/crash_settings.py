"""The settings, and a process that dies where CRASH_PLACES names a function, once for each line in a file.

Only for fault tests: the killing stands here, not in the code that is killed.
"""

import os

os.environ["DJANGO_SETTINGS_MODULE"] = "ats.tests.crash_settings"

from ats.settings import *  # noqa: F403

INSTALLED_APPS = [*INSTALLED_APPS, "ats.tests.crashing.Crashing"]  # noqa: F405
