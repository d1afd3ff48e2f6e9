from django.apps import AppConfig


class CandidatesConfig(AppConfig):
    name = "candidates"
    verbose_name = "Candidates"

    def ready(self) -> None:
        from candidates import storage_questions  # noqa: F401  (answers `storage_audited`, `storage_cleaned`)
