from django.apps import AppConfig


class ParsingConfig(AppConfig):
    name = "parsing"
    verbose_name = "Reading CVs"

    def ready(self) -> None:
        from parsing import bell, forgetting  # noqa: F401  (hear `document_stored`, `person_erased`)
