"""The console's pages for staff, business lines and API keys. All writes go through services."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.conf import settings
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from core import clock, services
from core.console import ConsoleAdmin, actor_of, show_once
from core.models import ApiKey, BusinessLine, User
from core.roles import ROLE_LABELS, Capability, Role, capabilities_of
from core.selectors import lines_of

ROLE_CHOICES = [(role.value, label) for role, label in ROLE_LABELS.items()]


class UserForm(forms.ModelForm):
    """An account, its roles and business lines."""

    roles = forms.MultipleChoiceField(
        label=_("Roles"),
        choices=ROLE_CHOICES,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("A change ends the person's sessions at once."),
    )
    lines = forms.ModelMultipleChoiceField(
        label=_("Business lines"),
        queryset=BusinessLine.objects.all(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )

    class Meta:
        model = User
        fields = ["username", "display_name", "email"]


class NewUserForm(UserForm):
    """A new account. It stays shut until another administrator lets it in."""

    language = forms.ChoiceField(label=_("Language"), choices=settings.LANGUAGES)

    class Meta(UserForm.Meta):
        fields = ["username", "display_name", "email", "language"]


class ChangeUserForm(UserForm):
    """A known account: correct it, shut it, let it in, or reset its sign-in."""

    is_active = forms.BooleanField(
        label=_("May sign in"),
        required=False,
        help_text=_("Who made the account or reset its sign-in cannot let it in."),
    )
    reset = forms.BooleanField(
        label=_("Reset password and devices"),
        required=False,
        help_text=_(
            "For someone who lost both. The account stays shut until another administrator "
            "lets it in."
        ),
    )
    reason = forms.CharField(
        label=_("Reason"),
        required=False,
        max_length=500,
        help_text=_("Needed to shut, let in or reset. It is recorded; write no names."),
    )

    class Meta(UserForm.Meta):
        fields = ["display_name", "email", "is_active"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["roles"] = sorted(role.value for role in self.instance.roles)
        self.initial["lines"] = sorted(lines_of(self.instance))

    def clean(self) -> dict[str, Any]:
        """A reason where one is needed; no reset together with letting in."""
        data: dict[str, Any] = super().clean() or {}
        weighty = "is_active" in self.changed_data or data.get("reset")
        if weighty and not (data.get("reason") or "").strip():
            self.add_error("reason", _("A reason is required."))
        if data.get("reset") and "is_active" in self.changed_data:
            self.add_error("reset", _("Reset first; another administrator then lets the user in."))
        return data


@admin.register(User)
class UserAdmin(ConsoleAdmin):
    """Staff accounts."""

    capability = Capability.USERS_MANAGE
    list_display = ["username", "display_name", "role_names", "is_active", "last_login"]
    list_filter = ["is_active", "groups"]
    search_fields = ["username", "display_name"]
    ordering = ["username"]
    readonly_fields = ["username", "language", "time_zone", "last_login", "date_joined"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        """With groups, which hold the roles."""
        return super().get_queryset(request).prefetch_related("groups")

    @admin.display(description=_("Roles"))
    def role_names(self, user: User) -> str:
        """The roles in words."""
        return ", ".join(str(ROLE_LABELS[role]) for role in ROLE_LABELS if role in user.roles)

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        """One form for a new account, another for a known one."""
        kwargs["form"] = NewUserForm if obj is None else ChangeUserForm
        kwargs["fields"] = [name for name in self._names(obj) if name not in self._shown(obj)]
        return super().get_form(request, obj, change, **kwargs)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """What a known account only shows."""
        return self._shown(obj)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """All fields in one set."""
        return [(None, {"fields": self._names(obj)})]

    def _shown(self, obj: object) -> list[str]:
        return [] if obj is None else list(self.readonly_fields)

    def _names(self, obj: object) -> list[str]:
        own = ["username", "display_name", "email"]
        if obj is None:
            return [*own, "language", "roles", "lines"]
        rest = ["language", "time_zone", "last_login", "date_joined"]
        return [*own, "roles", "lines", "is_active", "reset", "reason", *rest]

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        """Only through services, each of which checks, records and asks for step-up."""
        if change:
            self._change(request, obj.pk, form)
        else:
            self._create(request, obj, form.cleaned_data)

    def _create(self, request: HttpRequest, obj: User, data: dict[str, Any]) -> None:
        password = services.new_password()
        made = services.create_user(
            username=data["username"],
            password=password,
            display_name=data["display_name"],
            email=data["email"],
            language=data["language"],
            roles=[Role(role) for role in data["roles"]],
            lines=[line.pk for line in data["lines"]],
            actor=actor_of(request),
            now=clock.now(),
        )
        obj.pk, obj._state.adding = made.pk, False
        request.shown_once = password  # type: ignore[attr-defined]

    def _change(self, request: HttpRequest, user_id: UUID, form: Any) -> None:
        by: dict[str, Any] = {"user_id": user_id, "actor": actor_of(request), "now": clock.now()}
        data, changed = form.cleaned_data, set(form.changed_data)
        if changed & {"display_name", "email"}:
            services.update_user(display_name=data["display_name"], email=data["email"], **by)
        if "roles" in changed:
            services.set_roles(roles=[Role(role) for role in data["roles"]], **by)
        if "lines" in changed:
            before, after = set(form.initial["lines"]), {line.pk for line in data["lines"]}
            for line_id in sorted(after - before):
                services.give_line(line_id=line_id, **by)
            for line_id in sorted(before - after):
                services.take_line(line_id=line_id, **by)
        if "is_active" in changed:
            services.set_active(active=data["is_active"], reason=data["reason"], **by)
        if data["reset"]:
            request.shown_once = services.reset_sign_in(reason=data["reason"], **by)  # type: ignore[attr-defined]

    def response_add(self, request: HttpRequest, obj: User, *args: Any) -> HttpResponse:
        """The initial password, once."""
        return self._once(request) or super().response_add(request, obj, *args)

    def response_change(self, request: HttpRequest, obj: User) -> HttpResponse:
        """The new initial password after a reset, once."""
        return self._once(request) or super().response_change(request, obj)

    def _once(self, request: HttpRequest) -> HttpResponse | None:
        secret = getattr(request, "shown_once", None)
        back = reverse("admin:core_user_changelist")
        return secret and show_once(
            request, what=str(_("Initial password")), secret=secret, back=back
        )


@admin.register(BusinessLine)
class BusinessLineAdmin(ConsoleAdmin):
    """Business lines."""

    list_display = ["code", "name"]
    fields = ["code", "name"]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """A code never changes its meaning."""
        return ["code"] if obj else []

    def save_model(self, request: HttpRequest, obj: BusinessLine, form: Any, change: bool) -> None:
        """Through the services."""
        by: dict[str, Any] = {"actor": actor_of(request), "now": clock.now()}
        name = form.cleaned_data["name"]
        if change:
            services.rename_line(line_id=obj.pk, name=name, **by)
        else:
            line = services.create_line(code=form.cleaned_data["code"], name=name, **by)
            obj.pk, obj._state.adding = line.pk, False


class NewKeyForm(forms.ModelForm):
    """A new key."""

    scopes = forms.MultipleChoiceField(
        label=_("Scopes"),
        choices=[(capability.value, capability.value) for capability in Capability],
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Among the owner's own capabilities; they shrink when the owner's do."),
    )

    class Meta:
        model = ApiKey
        fields = ["name", "owner", "scopes", "expires_at"]

    def clean(self) -> dict[str, Any]:
        """Scopes that the owner lacks are named at the field."""
        data: dict[str, Any] = super().clean() or {}
        if "owner" in data and "scopes" in data:
            held = {capability.value for capability in capabilities_of(data["owner"].roles)}
            if foreign := sorted(set(data["scopes"]) - held):
                self.add_error("scopes", _("The owner lacks: %s") % ", ".join(foreign))
        return data


class RevokeForm(forms.ModelForm):
    """The end of a key."""

    reason = forms.CharField(
        label=_("Revoke: reason"),
        max_length=500,
        help_text=_("The key ends at once. The reason is recorded."),
    )

    class Meta:
        model = ApiKey
        fields: list[str] = []


@admin.register(ApiKey)
class ApiKeyAdmin(ConsoleAdmin):
    """API keys: shown once when made, revoked with a reason, never changed."""

    capability = Capability.KEYS_MANAGE
    list_display = ["name", "prefix", "owner", "expires_at", "revoked_at", "last_used_at"]
    list_select_related = ["owner"]
    search_fields = ["name", "prefix", "owner__username"]
    known = ["name", "prefix", "owner", "scopes", "created_at", "expires_at", "revoked_at",
             "last_used_at"]  # fmt: skip

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        """A new key, or the end of one."""
        kwargs["form"] = NewKeyForm if obj is None else RevokeForm
        kwargs["fields"] = NewKeyForm.Meta.fields if obj is None else ["reason"]
        return super().get_form(request, obj, change, **kwargs)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """A key never changes."""
        return self.known if obj else []

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """The fields of the form in use."""
        names = [*self.known, "reason"] if obj else NewKeyForm.Meta.fields
        return [(None, {"fields": names})]

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A revoked key is only shown."""
        return super().has_change_permission(request, obj) and not (obj and obj.revoked_at)

    def save_model(self, request: HttpRequest, obj: ApiKey, form: Any, change: bool) -> None:
        """Through the services."""
        by: dict[str, Any] = {"actor": actor_of(request), "now": clock.now()}
        data = form.cleaned_data
        if change:
            services.revoke_api_key(key_id=obj.pk, reason=data["reason"], **by)
            return
        new = services.create_api_key(
            name=data["name"],
            owner_id=data["owner"].pk,
            scopes=[Capability(scope) for scope in data["scopes"]],
            expires_at=data["expires_at"],
            **by,
        )
        obj.pk, obj._state.adding = new.key.pk, False
        request.shown_once = new.token  # type: ignore[attr-defined]

    def response_add(self, request: HttpRequest, obj: ApiKey, *args: Any) -> HttpResponse:
        """The key, once."""
        return show_once(
            request,
            what=str(_("API key")),
            secret=request.shown_once,  # type: ignore[attr-defined]
            back=reverse("admin:core_apikey_changelist"),
        )
