"""Background work on candidates. Every sweep is safe to run twice and at once."""

from celery import shared_task

from candidates import erasing, merging, named_files
from candidates.models import SearchEntry


@shared_task
def sweep_resume_files() -> None:
    """Gives the files that a crash or a store that was away left without their candidate's name."""
    named_files.place_due()


@shared_task
def sweep_erasures() -> None:
    erasing.finish_erasures()


@shared_task(soft_time_limit=540, time_limit=600)
def sweep_duplicates() -> None:
    """Old rows are compared anew, those first that were never compared."""
    merging.compare_old(limit=20_000)


@shared_task(soft_time_limit=540, time_limit=600)
def sweep_search() -> None:
    """Makes entries anew that were made in an older way; goes on where it stopped."""
    SearchEntry.make_anew(limit=2_000)
