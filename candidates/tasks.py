"""Background work on candidates. Every sweep is safe to run twice and at once."""

from celery import shared_task

from candidates import erasing, named_files


@shared_task
def sweep_resume_files() -> None:
    """Gives the files that a crash or a store that was away left without their candidate's name."""
    named_files.place_due()


@shared_task
def sweep_erasures() -> None:
    erasing.finish_erasures()
