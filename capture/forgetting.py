"""What this room forgets when somebody is erased. Their captures go with their documents."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

from django.db import transaction
from django.dispatch import receiver

from capture.models import DetectedFile, DeviceReport
from uploads.erasing import Traces
from uploads.models import Document
from uploads.signals import person_erased


@receiver(person_erased, sender=Document)
def forget(traces: Traces, **_: Any) -> None:
    DetectedFile.objects.forget(traces.hashes)
    # Again: a desktop that reports at this moment does not see yet that its file was erased.
    transaction.on_commit(partial(DetectedFile.objects.forget, traces.hashes))
    for report in DeviceReport.objects.select_for_update().exclude(stuck=[]):
        others = [stuck for stuck in report.stuck if not traces.are_in(json.dumps(stuck, ensure_ascii=False))]
        if others != report.stuck:
            report.stuck = others
            report.save(update_fields=["stuck"])
