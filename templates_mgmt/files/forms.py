"""The form of an import."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _

from core.models import BusinessLine
from templates_mgmt.files.document import MAX_BYTES
from templates_mgmt.files.service import MAX_FILES


class _ManyFiles(forms.ClearableFileInput):
    allow_multiple_selected = True


class _FilesField(forms.FileField):
    widget = _ManyFiles

    def clean(self, data: Any, initial: Any = None) -> list[UploadedFile]:
        """Every chosen file; the size is looked at before anything is read."""
        files = data if isinstance(data, Sequence) else [data]
        cleaned = [super(_FilesField, self).clean(file, initial) for file in files or [None]]
        if len(cleaned) > MAX_FILES:
            raise forms.ValidationError(_("Choose 1 to %(limit)s files.") % {"limit": MAX_FILES})
        for file in cleaned:
            if file.size > MAX_BYTES:
                raise forms.ValidationError(
                    _("“%(file)s” has %(size)s bytes; at most %(limit)s are read.")
                    % {"file": file.name, "size": file.size, "limit": MAX_BYTES}
                )
        return cleaned


class ImportForm(forms.Form):
    """Template files, and the business line that they are for."""

    documents = _FilesField(
        label=_("Template files (YAML)"),
        help_text=_("All of them are taken, or none. Each becomes a draft that goes to review."),
    )
    line = forms.ChoiceField(label=_("Business line"))

    def __init__(self, *args: Any, lines: list[BusinessLine], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["line"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(str(line.pk), line.name) for line in lines]

    def read(self) -> list[tuple[str, bytes]]:
        """Name and bytes of each file; call on a valid form."""
        return [(str(file.name), file.read()) for file in self.cleaned_data["documents"]]
