"""The draft of a crisis plan as a form."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from core.models import User
from core.reviewed.forms import WordsForm
from crisis.incidents.rules import NATURE_LABELS
from crisis.plans.cleaning import MAX_LEVELS, MAX_PEOPLE, MAX_ROLES, MAX_ROWS
from crisis.plans.models import CrisisPlanVersion
from crisis.plans.rules import WHEN_LABELS
from crisis.rows import count_field, rows_shown

_LEVEL = ("code", "zh", "en", "rank", "major", "roles", "minutes", "hours")
_ROLE = ("code", "zh", "en", "duty_zh", "duty_en", *(f"person{n}" for n in range(MAX_PEOPLE)))
_RULE = ("when", "value", "level")
Label = Any  # a text, translated when it is shown


def _text(label: Label, length: int = 60, help_text: Label = "") -> forms.CharField:
    return forms.CharField(label=label, max_length=length, required=False, help_text=help_text)


def _number(label: Label, help_text: Label = "") -> forms.IntegerField:
    return forms.IntegerField(label=label, required=False, min_value=0, help_text=help_text)


class PlanForm(WordsForm):
    """Levels, the rule of tiers, roles with their people, escalation, activators. A row without a
    code (of the rule: without a value) is left out."""

    first_roles = _text(_("Called first, codes of roles"), 200)
    first_minutes = _number(_("Minutes to acknowledge until the level is known"))
    rounds = _number(_("Rounds through a role's people"))
    fallback_roles = _text(_("Called when nobody of a role answers, codes of roles"), 200)
    activators = forms.MultipleChoiceField(
        label=_("Named activators"), required=False, widget=forms.CheckboxSelectMultiple,
        help_text=_("They may start an incident by hand. Nobody chosen: whoever's role allows it."),
    )  # fmt: skip

    def __init__(self, *args: Any, people: list[User], content: dict[str, Any], **kw: Any) -> None:
        super().__init__(*args, **kw)
        data = self.data if self.is_bound else None
        self.sizes = {
            "levels": rows_shown(data, "levels", len(content.get("levels", ())), MAX_LEVELS),
            "roles": rows_shown(data, "roles", len(content.get("roles", ())), MAX_ROLES),
            "rule": rows_shown(data, "rule", len(content.get("tier_rule", ())), MAX_ROWS),
        }
        for name, size in self.sizes.items():
            self.fields[f"rows_{name}"] = count_field(size)
        known = [(str(user.pk), str(user)) for user in people]
        self.fields["activators"].choices = known  # type: ignore[attr-defined]
        for n in range(1, self.sizes["levels"] + 1):
            self.fields |= {f"levels_{n}_{name}": field for name, field in _level_row().items()}
        for n in range(1, self.sizes["roles"] + 1):
            self.fields |= {f"roles_{n}_{name}": field for name, field in _role_row(known).items()}
        for n in range(1, self.sizes["rule"] + 1):
            self.fields |= {f"rule_{n}_{name}": field for name, field in _rule_row().items()}
        self.refusal_fields = self._refusals()

    @classmethod
    def of(cls, version: CrisisPlanVersion, people: list[User]) -> PlanForm:
        """The form filled with a version's content."""
        content = version.content
        initial: dict[str, Any] = {
            "revision": version.revision,
            "first_roles": " ".join(content["escalation"]["first_roles"]),
            "first_minutes": content["escalation"]["first_minutes"],
            "rounds": content["escalation"]["rounds"],
            "fallback_roles": " ".join(content["escalation"]["fallback_roles"]),
            "activators": content["activators"],
        }
        for n, row in enumerate(content["levels"], 1):
            initial |= _prefixed("levels", n, {
                **row, "zh": row["name"]["zh-hans"], "en": row["name"]["en"],
                "roles": " ".join(row["roles"]), "hours": row["restore_hours"],
            })  # fmt: skip
        for n, row in enumerate(content["roles"], 1):
            initial |= _prefixed("roles", n, {
                "code": row["code"], "zh": row["name"]["zh-hans"], "en": row["name"]["en"],
                "duty_zh": row["duty"]["zh-hans"], "duty_en": row["duty"]["en"],
                **{f"person{at}": person for at, person in enumerate(row["people"])},
            })  # fmt: skip
        for n, row in enumerate(content["tier_rule"], 1):
            initial |= _prefixed("rule", n, row)
        return cls(initial=initial, people=people, content=content)

    def words(self) -> dict[str, Any]:
        """The arguments of `services.save`; call on a valid form."""
        data = self.cleaned_data
        escalation = {
            "first_roles": data["first_roles"].split(),
            "first_minutes": data["first_minutes"],
            "rounds": data["rounds"],
            "fallback_roles": data["fallback_roles"].split(),
        }
        content = {
            "levels": [self._level(row) for row in self._filled("levels", _LEVEL, "code")],
            "roles": [self._role(row) for row in self._filled("roles", _ROLE, "code")],
            "tier_rule": self._filled("rule", _RULE, "value"),
            "escalation": escalation,
            "activators": data["activators"],
        }
        return {"content": content, "revision": data["revision"]}

    def level_rows(self) -> list[list[forms.BoundField]]:
        """The fields of the levels, row by row."""
        return self._bound("levels", _LEVEL)

    def role_rows(self) -> list[list[forms.BoundField]]:
        """The fields of the roles, row by row."""
        return self._bound("roles", _ROLE)

    def rule_rows(self) -> list[list[forms.BoundField]]:
        """The fields of the rule of tiers, row by row."""
        return self._bound("rule", _RULE)

    def counts(self) -> list[forms.BoundField]:
        """The hidden fields that say how many rows there are."""
        return [self[f"rows_{name}"] for name in self.sizes]

    def _bound(self, part: str, names: tuple[str, ...]) -> list[list[forms.BoundField]]:
        return [
            [self[f"{part}_{n}_{name}"] for name in names] for n in range(1, self.sizes[part] + 1)
        ]

    def _filled(self, part: str, names: tuple[str, ...], needed: str) -> list[dict[str, Any]]:
        rows = [
            {name: self.cleaned_data[f"{part}_{n}_{name}"] for name in names}
            for n in range(1, self.sizes[part] + 1)
        ]
        return [row for row in rows if row[needed]]

    @staticmethod
    def _level(row: dict[str, Any]) -> dict[str, Any]:
        return {
            **row, "name": {"zh-hans": row["zh"], "en": row["en"]},
            "roles": row["roles"].split(), "restore_hours": row["hours"],
        }  # fmt: skip

    @staticmethod
    def _role(row: dict[str, Any]) -> dict[str, Any]:
        return {
            "code": row["code"],
            "name": {"zh-hans": row["zh"], "en": row["en"]},
            "duty": {"zh-hans": row["duty_zh"], "en": row["duty_en"]},
            "people": [row[f"person{at}"] for at in range(MAX_PEOPLE)],
        }

    def _refusals(self) -> dict[str, str]:
        """Which field stands for one that the service names; rows are numbered without the blank
        ones, which are the last as long as nobody leaves one out in between."""
        named = {"restore_hours": "hours", "name": "zh", "duty": "duty_zh", "people": "person0"}
        found = {f"escalation.{name}": name for name in ("first_roles", "first_minutes", "rounds",
                                                         "fallback_roles")}  # fmt: skip
        for part, service in (("levels", "levels"), ("roles", "roles"), ("rule", "tier_rule")):
            names = {"levels": _LEVEL, "roles": _ROLE, "rule": _RULE}[part]
            for n in range(1, self.sizes[part] + 1):
                for name in (*names, *named):
                    found[f"{service}.{n}.{name}"] = f"{part}_{n}_{named.get(name, name)}"
        return found


def _prefixed(part: str, n: int, row: dict[str, Any]) -> dict[str, Any]:
    return {f"{part}_{n}_{name}": value for name, value in row.items()}


def _level_row() -> dict[str, forms.Field]:
    return {
        "code": _text(_("Code"), 39, _("a–z, 0–9 and _")),
        "zh": _text(_("Name in Chinese")),
        "en": _text(_("Name in English")),
        "rank": _number(_("Rank"), _("The higher, the graver")),
        "major": forms.BooleanField(label=_("Counts as major"), required=False),
        "roles": _text(_("Roles, codes with blanks between"), 200),
        "minutes": _number(_("Minutes to acknowledge a call")),
        "hours": _number(_("Restored within, hours"), _("0: no limit stated here")),
    }


def _role_row(known: list[tuple[str, str]]) -> dict[str, forms.Field]:
    choices = [("", _("Nobody")), *known]
    people = {
        f"person{at}": forms.ChoiceField(
            label=_("Holder") if at == 0 else _("Deputy %(n)s") % {"n": at},
            choices=choices,
            required=False,
        )
        for at in range(MAX_PEOPLE)
    }
    return {
        "code": _text(_("Code"), 39, _("a–z, 0–9 and _")),
        "zh": _text(_("Name in Chinese")),
        "en": _text(_("Name in English")),
        "duty_zh": _text(_("Duty in Chinese"), 300),
        "duty_en": _text(_("Duty in English"), 300),
        **people,
    }


def _rule_row() -> dict[str, forms.Field]:
    natures = ", ".join(str(nature) for nature in NATURE_LABELS)
    return {
        "when": forms.ChoiceField(
            label=_("If"), required=False,
            choices=[(str(when), text) for when, text in WHEN_LABELS.items()],
        ),
        "value": _text(_("This"), 100, _("A number, a system, or one of: %(natures)s")
                       % {"natures": natures}),
        "level": _text(_("Then the level, its code"), 39),
    }  # fmt: skip
