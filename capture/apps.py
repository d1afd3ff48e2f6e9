from django.apps import AppConfig


class CaptureConfig(AppConfig):
    name = "capture"
    verbose_name = "Capture door"

    def ready(self) -> None:
        from capture import forgetting  # noqa: F401  (hears `person_erased`)
