"""What the ground asks upwards, without knowing whom. The bell is only a bell; the row is the queue."""

from django.dispatch import Signal

document_stored = Signal()  # sender: Document; doc_id: UUID, is_video: bool; rings after commit
storage_audited = Signal()  # each receiver answers its findings about the second names that it gave, as a list
storage_cleaned = Signal()  # dry_run: bool; each receiver answers {what it removed: how many}
person_erased = Signal()  # traces: Traces; in the transaction that erases; each receiver forgets what its room holds
