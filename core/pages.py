"""What every page stands on: who may open it, keyset pages, query strings, safe redirects."""

from __future__ import annotations

import base64
import datetime as dt
import functools
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from urllib.parse import urlencode, urlsplit

from django.core.exceptions import ValidationError
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.urls import reverse
from django.utils.cache import add_never_cache_headers
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _

from core.actor import Actor
from core.errors import Forbidden, InvalidInput
from core.roles import Capability

Row = TypeVar("Row", bound=Model)
View = Callable[..., HttpResponse]

PAGE_SIZE = 50
MAX_PAGE_SIZE = 200


def staff_page(*capabilities: Capability) -> Callable[[View], View]:
    """Decorates a view: signed-in staff holding any of `capabilities` (none given: any staff).

    Others are sent to sign in, or refused with Forbidden, which becomes the error page. The
    service behind the view checks again; this keeps pages from showing what it would refuse.
    Answers are never cached. For a class, decorate `dispatch` or use StaffPage.
    """

    def decorate(view: View) -> View:
        @functools.wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if getattr(request, "actor", None) is None:
                return to_sign_in(request)
            require_any(request.actor, capabilities)  # type: ignore[attr-defined]
            response = view(request, *args, **kwargs)
            add_never_cache_headers(response)
            return response

        guarded.capabilities = capabilities  # type: ignore[attr-defined]
        return guarded

    return decorate


class StaffPage:
    """Mixin for class-based views, left of the view class; `capabilities` as in staff_page."""

    capabilities: tuple[Capability, ...] = ()

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Let the request through as staff_page does."""
        guarded = staff_page(*self.capabilities)(super().dispatch)  # type: ignore[misc]
        return guarded(request, *args, **kwargs)


def require_any(actor: Actor, capabilities: Sequence[Capability]) -> None:
    """Raise Forbidden unless `actor` holds one of `capabilities`; an empty list lets all in."""
    if capabilities and actor.capabilities.isdisjoint(capabilities):
        names = ", ".join(capability.value for capability in capabilities)
        raise Forbidden(
            _("Your roles do not include “%(capability)s”.") % {"capability": names},
            details={"capability": names},
        )


def is_htmx(request: HttpRequest) -> bool:
    """Whether HTMX asks for a part of a page."""
    return request.headers.get("HX-Request") == "true"


def redirect_to(request: HttpRequest, url: str) -> HttpResponse:
    """A redirect that moves the whole page, also when HTMX asked for a part of it."""
    if is_htmx(request):
        return HttpResponse(status=204, headers={"HX-Redirect": url})
    return HttpResponseRedirect(url, status=303 if request.method == "POST" else 302)


def to_sign_in(request: HttpRequest) -> HttpResponse:
    """Send an unknown visitor to sign in and back to where they were."""
    return redirect_to(request, with_next(reverse("sign-in"), return_path(request)))


def with_next(url: str, path: str) -> str:
    """`url` with `path` as its `next`."""
    return f"{url}?{urlencode({'next': path})}"


def return_path(request: HttpRequest) -> str:
    """The page to come back to: this one after a GET, else the one that held the form."""
    if is_htmx(request):
        candidate = request.headers.get("HX-Current-URL", "")
    elif request.method in {"GET", "HEAD"}:
        candidate = request.get_full_path()
    else:
        candidate = request.headers.get("Referer", "")
    return safe_path(request, candidate, fallback="/")


def safe_path(request: HttpRequest, candidate: str, *, fallback: str) -> str:
    """The path and query of `candidate` if it lies on this host, else `fallback`."""
    if not url_has_allowed_host_and_scheme(
        candidate, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    ):
        return fallback
    parts = urlsplit(candidate)
    path = parts.path if parts.path.startswith("/") else ""
    if not path or path.startswith("//"):
        return fallback
    return path + (f"?{parts.query}" if parts.query else "")


def query_with(params: QueryDict, **changes: object) -> str:
    """`params` as a query string with `?`, after `changes`; None takes a name out.

    Any change but that of a cursor drops the cursor: it belongs to the old list.
    """
    query = params.copy()
    if "cursor" not in changes:
        query.pop("cursor", None)
    for name, value in changes.items():
        if value is None:
            query.pop(name, None)
        else:
            query[name] = str(value)
    return "?" + query.urlencode()


@dataclass(frozen=True, slots=True)
class KeysetPage(Generic[Row]):
    """One page of a list. A cursor is None where the list ends."""

    items: list[Row]
    next_cursor: str | None
    previous_cursor: str | None

    def __iter__(self):  # type: ignore[no-untyped-def]
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)


def keyset_page(
    queryset: QuerySet[Row],
    cursor: str | None = None,
    size: int = PAGE_SIZE,
    *,
    order: Sequence[str] = ("-id",),
) -> KeysetPage[Row]:
    """One page of `queryset` in `order`, from `cursor` on: one query, as fast on page 10,000
    as on the first, and steady while rows are added.

    `order` names the model's own columns that are never NULL, the last one unique. Raises
    InvalidInput for a cursor that this list did not give out.
    """
    size = max(1, min(size, MAX_PAGE_SIZE))
    backwards, values = _read_cursor(queryset.model, cursor, order) if cursor else (False, None)
    direction = _flipped(order) if backwards else tuple(order)
    rows = queryset.order_by(*direction)
    if values is not None:
        rows = rows.filter(_beyond(direction, values))
    found = list(rows[: size + 1])
    more, found = len(found) > size, found[:size]
    if backwards:
        found.reverse()
    before, after = (more, True) if backwards else (values is not None, more)
    return KeysetPage(
        items=found,
        next_cursor=_cursor("n", found[-1], order) if found and after else None,
        previous_cursor=_cursor("p", found[0], order) if found and before else None,
    )


def pages_of(request: HttpRequest, page: KeysetPage[Any]) -> dict[str, str]:
    """The addresses of the neighbouring pages, for `ui/pagination.html`."""
    return {
        name: query_with(request.GET, cursor=cursor) if cursor else ""
        for name, cursor in (
            ("previous_url", page.previous_cursor),
            ("next_url", page.next_cursor),
        )
    }


def _flipped(order: Sequence[str]) -> tuple[str, ...]:
    return tuple(name[1:] if name.startswith("-") else f"-{name}" for name in order)


def _beyond(order: Sequence[str], values: Sequence[object]) -> Q:
    """Rows after `values` in `order`: a row comparison written out for mixed directions. The
    bound on the first column, implied by the rest, lets PostgreSQL start there in an index."""
    condition, equal = Q(), Q()
    for name, value in zip(order, values, strict=True):
        field = name.lstrip("-")
        comparison = "lt" if name.startswith("-") else "gt"
        condition |= equal & Q(**{f"{field}__{comparison}": value})
        equal &= Q(**{field: value})
    bound = "lte" if order[0].startswith("-") else "gte"
    return condition & Q(**{f"{order[0].lstrip('-')}__{bound}": values[0]})


def _cursor(side: str, row: Model, order: Sequence[str]) -> str:
    values = [getattr(row, name.lstrip("-")) for name in order]
    plain = [side, *(v.isoformat() if isinstance(v, dt.date) else v for v in values)]
    text = json.dumps(plain, default=str, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _read_cursor(
    model: type[Model], cursor: str, order: Sequence[str]
) -> tuple[bool, list[object]]:
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        side, *raw = json.loads(base64.urlsafe_b64decode(padded))
        fields = [model._meta.get_field(name.lstrip("-")) for name in order]
        values = [
            field.to_python(value)  # type: ignore[union-attr]
            for field, value in zip(fields, raw, strict=True)
        ]
    except (ValueError, TypeError, ValidationError, RecursionError):
        raise _foreign_cursor() from None
    if side not in {"n", "p"} or any(value is None for value in values):
        raise _foreign_cursor()
    return side == "p", values


def _foreign_cursor() -> InvalidInput:
    return InvalidInput(_("This place in the list is not valid; start again."), field="cursor")
