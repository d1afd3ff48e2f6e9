"""The one upward call: a bell that rings after commit. It is only a bell; the row is the queue."""

from django.dispatch import Signal

document_stored = Signal()  # sender: Document; doc_id: UUID
