"""Questions to the candidates, and the verbs that make one or move many."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from datetime import timedelta
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, TypeVar

from django.db import IntegrityError, connection, models, transaction
from django.db.models import Prefetch
from django.db.models.functions import Coalesce, Now

from candidates.dossier import Dossier
from candidates.keys import person_keys
from candidates.matches import Key, PersonKey, PossibleDuplicate
from candidates.query import Term, compile_terms
from candidates.said import name_said
from candidates.search import SAMPLE, SearchEntry, understood
from uploads.keyset import all_rows, near_rows, reach
from uploads.models import Document

if TYPE_CHECKING:
    from candidates.models import Candidate

Made = TypeVar("Made")
READ_NEXT = 2000  # matches, where other filters leave too few of the first


def looking_again(work: Callable[[], Made]) -> Made:
    """Runs `work` in a transaction; again when another worker claimed a key between our look and our write."""
    for _ in range(5):
        try:
            with transaction.atomic():
                return work()
        except IntegrityError:
            continue
    raise IntegrityError("The keys of this person are being claimed elsewhere.")


class CandidateQuerySet(models.QuerySet["Candidate"]):
    def newest_first(self) -> CandidateQuerySet:
        return self.order_by("-created_at", "-pk")

    def with_record(self) -> CandidateQuerySet:
        """All that an answer shows of each candidate, in a fixed number of statements."""
        from candidates.models import ResumeVersion

        twins = PossibleDuplicate.open().select_related("other")
        return self.prefetch_related(
            Prefetch("versions", ResumeVersion.light()), "tags", Prefetch("possible_duplicates", twins)
        )

    def search(self, text: str) -> CandidateQuerySet:
        """Whose record or CVs hold what `text` asks for: words, "phrases", -not, prefix*. See `candidates.query`."""
        return self.matching(understood(text)) if text.strip() else self

    def matching(self, terms: list[Term]) -> CandidateQuerySet:
        """To be called once, with all terms: only then can the first of many be found without the others."""
        if not terms:
            return self.none()
        words = compile_terms(terms)
        found = self.filter(search_entry__words__matches=words)
        found.query.words = None if self.is_search else words  # type: ignore[attr-defined]  # goes with the query
        return found

    def known_to_match(self, ids: list[int]) -> CandidateQuerySet:
        """These of a search, which is not asked again."""
        found = self.filter(pk__in=ids)
        found.query.known = True  # type: ignore[attr-defined]
        return found

    @property
    def is_search(self) -> bool:
        return hasattr(self.query, "words")

    def first_rows(
        self, order: Sequence[str], after: Sequence[Any] | None, count: int, enough: int = 0
    ) -> list[Candidate]:
        """See `uploads.keyset.first_rows`; fewer than `count`, but at least `enough`, where that costs much less."""
        found: list[Candidate] = []
        for part in self._parts(order, after, count):
            found = list(part[:count])
            if len(found) >= (enough or count):
                break
        return found

    def _parts(self, order: Sequence[str], after: Sequence[Any] | None, count: int) -> Iterator[models.QuerySet]:
        """From a few of those who may be the first to all of them."""
        if words := getattr(self.query, "words", None):
            yield from self._matches(words, order, after, count)
            return
        near = near_rows(self, order, after, count)
        if near is not None:
            yield near
        yield all_rows(self, order, after)

    def _matches(
        self, words: str, order: Sequence[str], after: Sequence[Any] | None, count: int
    ) -> Iterator[models.QuerySet]:
        """PostgreSQL's index knows no order, and gives all that match or none: it is asked when the next thousand rows
        say that looking at more of them is in vain. SQLite's gives the next ones."""
        rest, is_common = all_rows(self, order, after), False
        near = near_rows(self, order, after, count, SAMPLE) if connection.vendor == "postgresql" else None
        if near is not None:
            yield near
            is_common = SearchEntry.share(words, order, after) * reach(count) >= count
        if is_common:
            if (more := near_rows(self, order, after, count)) is not None:
                yield more
            rest.query.walks = True  # type: ignore[attr-defined]  # what else is asked names fewer
        elif order[0].removeprefix("-") == "pk" and (yield from self._known(words, order, after, count)):
            return
        yield rest

    def _known(
        self, words: str, order: Sequence[str], after: Sequence[Any] | None, count: int
    ) -> Generator[models.QuerySet, None, bool]:
        """The next that match, by arrival. In the end, whether there are no others."""
        for read in (count, max(READ_NEXT, 2 * count)):
            ids = SearchEntry.ids_of(words, order[0], after, read)
            yield self.known_to_match(ids).order_by(*order)
            if len(ids) < read:
                return True
        return False

    # --- Review -----------------------------------------------------------------------------------------------------

    def shortlist(self) -> int:
        return self._review(self.model.ReviewStatus.SHORTLISTED)

    def reject(self) -> int:
        return self._review(self.model.ReviewStatus.REJECTED)

    def reopen(self) -> int:
        return self._review(self.model.ReviewStatus.NEW)

    def _review(self, status: str) -> int:
        return self.exclude(review_status=status).update(review_status=status, reviewed_at=Now(), updated_at=Now())

    def rejected_before(self, age: timedelta) -> CandidateQuerySet:
        rejected = self.filter(review_status=self.model.ReviewStatus.REJECTED)
        return rejected.annotate(since=Coalesce("reviewed_at", "updated_at")).filter(since__lt=Now() - age)

    # --- By hand: always a new one, marked when it looks like another ------------------------------------------------

    def make(self, typed: dict[str, Any], document: Document | None = None, file_name: str = "") -> Candidate:
        """The candidate that a person typed in, with the CV that came along: a document that `keep` gave, in this
        transaction."""
        person = self.model(source=typed.get("source") or self.model.SOURCE_FORM)
        person.take_typed({name: value for name, value in typed.items() if value})
        if document and document.said:
            person.take_said(document.said)
            person.parsed_resume = document.said
        person.resume_file_due = document is not None
        with transaction.atomic(savepoint=False):
            person.save(force_insert=True)
            if document:
                person.versions.create(document=document, file_name=file_name)
            person.settle(Dossier.of_new(person, document))
        return person

    # --- From a CV --------------------------------------------------------------------------------------------------

    def take_in(self, document: Document, fields: dict[str, Any]) -> Candidate:
        """The person whose CV this is: known by a key, else a new one. Fills blanks, never overwrites.

        Where keys point to two people, or a key's owner plainly has another name, it is a suggestion for a human.
        """
        keys = list(person_keys(fields.get("basics", {})))
        return looking_again(lambda: self._take_in(document, fields, keys))

    def _take_in(self, document: Document, fields: dict[str, Any], keys: list[Key]) -> Candidate:
        holders = list(self.select_for_update().filter(pk__in=document.versions.values("candidate")).order_by("pk"))
        for holder in holders:
            holder.hear(document, fields)
        if holders:
            return holders[0]
        owners = PersonKey.owners_of(keys)
        person = self._only(owners)
        if person is None or not person.may_be_called(name_said(fields)):
            person = self._make_from(document, fields)
        PersonKey.take(person, set(keys).difference(*owners.values()))
        person.attach(document, document.original_filename)
        person.hear(document, fields)
        return person

    def _only(self, owners: dict[Candidate, list[Key]]) -> Candidate | None:
        """The one owner, locked against another CV of the same person at the same moment."""
        return self.select_for_update().get(pk=next(iter(owners)).pk) if len(owners) == 1 else None

    def _make_from(self, document: Document, fields: dict[str, Any]) -> Candidate:
        name = name_said(fields)
        return self.create(
            full_name=name or PurePath(document.original_filename).stem[:200],
            name_is_guess=not name,
            source=self.model.SOURCE_CV,
        )


class Visible(models.Manager.from_queryset(CandidateQuerySet)):  # type: ignore[misc]  # made at run time
    """Everybody but those who were merged into another."""

    def get_queryset(self) -> CandidateQuerySet:
        return super().get_queryset().filter(merged_into=None)
