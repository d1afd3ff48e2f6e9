"""The desk's forms that bring a CV: a candidate is added, or gets a newer one."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.admin.models import ADDITION
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.defaultfilters import filesizeformat
from django.template.response import TemplateResponse

from candidates.arrivals import make_with_resume, put_resume
from candidates.desk_pages import page_of, to_change
from candidates.models import Candidate
from candidates.serializers import NewCandidateSerializer, NewResumeSerializer
from uploads.desk import TextInput, log_action
from uploads.errors import StoreFull, StoreUnavailable

NOT_WHOLE = "The form did not arrive whole. Please send it again."


class AddForm(forms.Form):
    """Has no rules of its own: those of the candidates door are asked."""

    full_name = forms.CharField(label="Name", widget=TextInput(attrs={"autofocus": True}))
    resume = forms.FileField(
        required=False,
        allow_empty_file=True,
        label="CV",
        widget=forms.FileInput(attrs={"accept": ".pdf,application/pdf", "class": "desk-choose"}),
    )
    email = forms.CharField(required=False, label="E-mail", widget=TextInput(attrs={"inputmode": "email"}))
    phone = forms.CharField(
        required=False,
        label="Telephone",
        widget=TextInput(attrs={"inputmode": "tel"}),
        help_text="With its country: +91 …",
    )
    location = forms.CharField(required=False, label="Place", widget=TextInput)
    headline = forms.CharField(required=False, widget=TextInput)
    # A body that was cut off has lost its end, and with it this field.
    whole = forms.CharField(widget=forms.HiddenInput, initial="yes", error_messages={"required": NOT_WHOLE})

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        resume = self.fields["resume"]
        resume.help_text = f"A PDF of up to {filesizeformat(settings.CV_MAX_BYTES)}."
        resume.widget.attrs["data-most"] = settings.CV_MAX_BYTES

    def clean(self) -> dict[str, Any]:
        filled = {name: value for name, value in self.cleaned_data.items() if value not in (None, "")}
        asked = NewCandidateSerializer(data=filled)
        if asked.is_valid():
            return dict(asked.validated_data)
        for name in set(asked.errors) - set(self.errors):
            self.add_error(name, [str(fault) for fault in asked.errors[name]])
        return filled


def add_page(request: HttpRequest, desk: Any) -> HttpResponse:
    """An empty form; then the new candidate's page, by way of the one that waits for the reading."""
    if not desk.has_add_permission(request):
        raise PermissionDenied
    form = AddForm(request.POST or None, request.FILES or None)
    person = _added(form) if form.is_valid() else None
    if person:
        log_action(request, [person], "Added at the desk.", ADDITION)
        return redirect("admin:candidate_reading", person.pk) if person.current_version else page_of(person.pk)
    frame = {**desk.admin_site.each_context(request), "opts": desk.opts, "title": "Add a candidate", "form": form}
    return TemplateResponse(request, "admin/candidates/candidate/add.html", frame)


def _added(form: AddForm) -> Candidate | None:
    typed = dict(form.cleaned_data)
    resume = typed.pop("resume", None)
    try:
        return make_with_resume(typed, resume) if resume else Candidate.objects.make(typed)
    except (StoreUnavailable, StoreFull) as fault:
        form.add_error(None, f"{fault.detail} Nothing was kept.")
        return None


def put_newer_resume(request: HttpRequest, desk: Any, pk: int) -> HttpResponse:
    """The file that was chosen on a person's page becomes their current CV."""
    person = to_change(request, desk, pk)
    asked = NewResumeSerializer(data=request.FILES)
    if not asked.is_valid():
        messages.error(request, f"The CV stays as it was. {asked.errors['resume'][0]}")
        return page_of(pk)
    put_resume(pk, asked.validated_data["resume"])
    log_action(request, [person], "Put a newer CV.")
    return page_of(pk, "?reading")
