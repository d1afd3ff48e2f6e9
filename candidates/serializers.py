"""What the candidates door takes and answers."""

from __future__ import annotations

import json
import re
from typing import Any, NoReturn

from django.core.files.uploadedfile import UploadedFile
from django.core.validators import EmailValidator
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from candidates.merging import FIELDS
from candidates.models import Candidate, Merge, Note, PossibleDuplicate, ResumeVersion, Tag
from uploads.errors import UploadTooLarge
from uploads.fields import FileName, StrictBoolean, StrictChoice, StrictInteger, StrictText, is_clean
from uploads.filetypes import BY_EXTENSION
from uploads.serializers import check_size

MOST_TEXT = 128 * 1024  # bytes of `candidate_in`
PDF = BY_EXTENSION["pdf"]


class LineField(StrictText):
    """One line of text. null is blank, except where a value is required."""

    default_error_messages = {"character": "The text holds a character that no such text needs."}

    def to_internal_value(self, data: Any) -> str:
        text = super().to_internal_value(data)
        if not is_clean(text):
            self.fail("character")
        return text

    def validate_empty_values(self, data: Any) -> tuple[bool, Any]:
        return super().validate_empty_values("" if data is None and self.allow_blank else data)


class PhoneField(LineField):
    default_error_messages = {"no_digit": "A telephone number has digits."}

    def to_internal_value(self, data: Any) -> str:
        text = super().to_internal_value(data)
        if text and not re.search(r"\d", text):
            self.fail("no_digit")
        return text


class LinkField(LineField):
    default_error_messages = {"no_link": "A link begins with http:// or https://."}

    def to_internal_value(self, data: Any) -> str:
        text = super().to_internal_value(data)
        if not re.match(r"https?://[^\s/]+", text, re.IGNORECASE):
            self.fail("no_link")
        return text


class RowId(StrictInteger):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(min_value=1, max_value=2**63 - 1, **kwargs)  # SQLite's largest integer


class StrictList(serializers.ListField):
    def fail(self, key: str, **kwargs: Any) -> NoReturn:
        if key == "not_a_list":
            raise ValidationError("A list is needed.", code=key)
        super().fail(key, **kwargs)


@extend_schema_field({"type": "string", "format": "binary"})
class ResumeField(serializers.Field):
    """A PDF under a name that ends in .pdf. Its content is looked at; its declared type is not believed."""

    default_error_messages = {
        "no_file": "A PDF file is needed.",
        "empty": "The file is empty.",
        "not_pdf": "Only PDF files are taken.",
    }

    def to_internal_value(self, data: Any) -> UploadedFile:
        if not isinstance(data, UploadedFile):
            self.fail("no_file")
        if not data.size:
            self.fail("empty")
        data.name = FileName().run_validation(data.name or "")
        check_size_of(data)
        if not data.name.lower().endswith(".pdf") or not PDF.looks_like(data):
            self.fail("not_pdf")
        return data

    def to_representation(self, value: Any) -> Any:
        return value


def check_size_of(file: UploadedFile) -> None:
    try:
        check_size(file.size or 0, PDF, "resume")
    except ValidationError as fault:
        raise ValidationError(fault.detail["resume"]) from None  # type: ignore[call-overload]  # a dict, as given


class CandidateInSerializer(serializers.Serializer):
    """What a person may say of a candidate. Other fields are ignored."""

    full_name = LineField(max_length=200)
    email = LineField(max_length=254, required=False, allow_blank=True)
    phone = PhoneField(max_length=40, required=False, allow_blank=True)
    location = LineField(max_length=200, required=False, allow_blank=True)
    headline = LineField(max_length=200, required=False, allow_blank=True)
    skills = StrictList(child=LineField(max_length=100), required=False, max_length=200)
    links = StrictList(child=LinkField(max_length=500), required=False, max_length=50)
    source = LineField(max_length=20, required=False, allow_blank=True)  # type: ignore[assignment]  # DRF has its own

    def validate_email(self, email: str) -> str:
        if email:
            EmailValidator("This is no e-mail address.")(email)
        return email


class NewCandidateSerializer(CandidateInSerializer):
    resume = ResumeField(required=False)


class ChangeSerializer(CandidateInSerializer):
    review_status = StrictChoice(Candidate.ReviewStatus.choices, required=False)
    legal_hold = StrictBoolean(required=False)
    erased_before = StrictBoolean(required=False, help_text="false: a human decided to keep who was erased before")


class NewResumeSerializer(serializers.Serializer):
    resume = ResumeField()


class MultipartSchema(serializers.Serializer):
    """The parts of `POST /candidates/`."""

    candidate_in = CandidateInSerializer(help_text="JSON, as text or as a file part")
    resume = serializers.FileField(required=False, help_text="PDF")


def unfold(data: Any) -> dict[str, Any]:
    """The fields inside of `candidate_in`, and the file beside it. Raises a ValidationError that names the part."""
    inside = _candidate_in(data.get("candidate_in"))
    inside.pop("resume", None)
    return {**inside, **({"resume": data["resume"]} if "resume" in data else {})}


def _candidate_in(part: Any) -> dict[str, Any]:
    if part is None:
        raise ValidationError({"candidate_in": ["A JSON object with the candidate is needed."]})
    if isinstance(part, UploadedFile):
        if (part.size or 0) > MOST_TEXT:
            raise UploadTooLarge
        part = part.read()
    try:
        found = json.loads(part)
    except (ValueError, RecursionError):  # invalid UTF-8 is a ValueError too
        found = None
    # In a part that is no file Django has put U+FFFD for what was no UTF-8: a name would be kept spoilt.
    if not isinstance(found, dict) or (isinstance(part, str) and "\ufffd" in part):
        raise ValidationError({"candidate_in": ["This part must be a JSON object in UTF-8."]})
    return found


class MergeInSerializer(serializers.Serializer):
    other = RowId(help_text="the candidate that is put into this one")
    fields = serializers.DictField(  # type: ignore[assignment]  # DRF has a property of that name
        child=StrictChoice(["kept", "other"]), required=False, help_text="field → whose value stands"
    )

    def validate_fields(self, chosen: dict[str, str]) -> dict[str, str]:
        unknown = sorted(set(chosen) - set(FIELDS))
        if unknown:
            raise ValidationError(f"These fields cannot be chosen: {', '.join(unknown)}.")
        return chosen


class AssessmentInSerializer(serializers.Serializer):
    assessment_id = serializers.UUIDField()


class UnmergeInSerializer(serializers.Serializer):
    merge_id = RowId()


# --- Answers ----------------------------------------------------------------------------------------------------------


class DuplicateSerializer(serializers.ModelSerializer):
    id = serializers.IntegerField(source="other_id")
    full_name = serializers.CharField(source="other.full_name")

    class Meta:
        model = PossibleDuplicate
        fields = ["id", "full_name", "reasons"]


class CandidateSerializer(serializers.ModelSerializer):
    resume_url = serializers.CharField(allow_null=True, help_text="the path of the download call")
    parsing_status = serializers.ChoiceField(["no_resume", "pending", "completed", "failed"])
    possible_duplicates = DuplicateSerializer(many=True)
    tags: Any = serializers.SlugRelatedField("name", many=True, read_only=True)
    typed_fields = serializers.ListField(child=serializers.CharField(), help_text="set by a person; no CV changes them")
    offered = serializers.DictField(help_text="what a CV says otherwise than the fields that stand")

    class Meta:
        model = Candidate
        fields = [
            "id", "full_name", "email", "phone", "location", "headline", "skills", "links", "total_years", "resume_url",
            "parsed_resume", "parsing_status", "review_status", "source", "tags", "possible_duplicates",
            "name_is_guess", "legal_hold", "erased_before", "typed_fields", "offered", "created_at", "updated_at",
        ]  # fmt: skip


class ExcerptSerializer(serializers.Serializer):
    text = serializers.CharField()
    marks = serializers.ListField(child=serializers.ListField(child=serializers.IntegerField()))


class ListedSerializer(CandidateSerializer):
    excerpts = ExcerptSerializer(many=True, help_text="where `search` was found; marks are [start, end] in text")

    class Meta(CandidateSerializer.Meta):
        fields = [*CandidateSerializer.Meta.fields, "excerpts"]


class PageSerializer(serializers.Serializer):
    results = ListedSerializer(many=True)
    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)


class ParsingStatusSerializer(serializers.ModelSerializer):
    candidate_id = serializers.IntegerField(source="pk")
    parsing_status = serializers.ChoiceField(["no_resume", "pending", "completed", "failed"])
    message = serializers.CharField(source="parsing_message")
    has_resume_file = serializers.SerializerMethodField()
    has_parsed_data = serializers.SerializerMethodField()
    resume_url = serializers.CharField(allow_null=True)

    class Meta:
        model = Candidate
        fields = ["candidate_id", "parsing_status", "message", "has_resume_file", "has_parsed_data", "resume_url"]

    def get_has_resume_file(self, candidate: Candidate) -> bool:
        return candidate.current_version is not None

    def get_has_parsed_data(self, candidate: Candidate) -> bool:
        return bool(candidate.parsed_resume)


class VersionSerializer(serializers.ModelSerializer):
    version_id = serializers.IntegerField(source="pk")
    doc_id = serializers.UUIDField(source="document_id")
    sha256 = serializers.CharField(source="document.doc_hash_256")
    file_size = serializers.IntegerField(source="document.file_size_bytes", help_text="bytes")
    content_type = serializers.CharField(source="document.content_type")
    parse_status = serializers.CharField(source="document.parse_status")

    class Meta:
        model = ResumeVersion
        fields = [
            "version_id", "doc_id", "file_name", "file_size", "content_type", "sha256", "parse_status", "current_since",
            "created_at",
        ]  # fmt: skip


class NoteInSerializer(serializers.Serializer):
    text = StrictText(max_length=10_000)

    def validate_text(self, text: str) -> str:
        if not all(is_clean(line) for line in text.replace("\t", " ").splitlines()):
            raise ValidationError("The text holds a character that no such text needs.")
        return text


class NoteSerializer(serializers.ModelSerializer):
    author = serializers.CharField(source="author.username", default=None, allow_null=True)

    class Meta:
        model = Note
        fields = ["id", "text", "author", "created_at"]


class TagInSerializer(serializers.Serializer):
    name = LineField(max_length=40)


class TagSerializer(serializers.ModelSerializer):
    author = serializers.CharField(source="author.username", default=None, allow_null=True)

    class Meta:
        model = Tag
        fields = ["name", "author", "created_at"]


class FacetSerializer(serializers.Serializer):
    value = serializers.CharField(allow_null=True, help_text="null: unknown")
    count = serializers.IntegerField()


class FacetsSerializer(serializers.Serializer):
    """How the newest matches are spread; `complete` is false when there are more than were counted."""

    counted = serializers.IntegerField()
    complete = serializers.BooleanField()
    skill = FacetSerializer(many=True)
    place = FacetSerializer(many=True)
    years = FacetSerializer(many=True)
    source = FacetSerializer(many=True)  # type: ignore[assignment]  # DRF has its own
    review_status = FacetSerializer(many=True)
    captured_by = FacetSerializer(many=True)
    created = FacetSerializer(many=True)


class MergeSerializer(serializers.ModelSerializer):
    merge_id = serializers.IntegerField(source="pk")
    merged_by = serializers.CharField(source="merged_by.username", default=None, allow_null=True)
    undone_by = serializers.CharField(source="undone_by.username", default=None, allow_null=True)

    class Meta:
        model = Merge
        fields = ["merge_id", "kept", "absorbed", "merged_by", "merged_at", "undone_by", "undone_at"]
