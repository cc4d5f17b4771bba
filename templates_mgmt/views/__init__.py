"""Pages of templates: detail, editor, review, comparison."""

from templates_mgmt.views.detail import (
    template_detail,
    template_from_example,
    template_new,
    version_compare,
)
from templates_mgmt.views.editing import (
    version_edit,
    version_new,
    version_preview,
    version_submit,
)
from templates_mgmt.views.reviewing import version_decide, version_review

__all__ = [
    "template_detail", "template_from_example", "template_new", "version_compare",
    "version_decide", "version_edit", "version_new", "version_preview", "version_review",
    "version_submit",
]  # fmt: skip
