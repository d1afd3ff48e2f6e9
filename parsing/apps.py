from django.apps import AppConfig


class ParsingConfig(AppConfig):
    name = "parsing"
    verbose_name = "Reading CVs"

    def ready(self) -> None:
        from parsing import bell  # noqa: F401  (answers `document_stored`)
