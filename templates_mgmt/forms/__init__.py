"""Forms of templates: filters, a new template, the editor of a draft, a decision.

Django's forms hold what was typed; what is accepted is decided in `rules`.
"""

from templates_mgmt.forms.deciding import DecisionForm
from templates_mgmt.forms.editor import EditorForm
from templates_mgmt.forms.lists import ExampleForm, FilterForm, NewTemplateForm

__all__ = ["DecisionForm", "EditorForm", "ExampleForm", "FilterForm", "NewTemplateForm"]
