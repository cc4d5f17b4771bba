"""Scenes of the investors' own pages."""

from __future__ import annotations

from django.http import HttpResponse

from comms.channels import base
from core import actor as actors
from core import clock
from core.roles import Role
from portal.history.services import view_as_of
from portal.models import BoundDevice, InvestorLoginCode
from portal.selfservice import choices, sessions, signin
from tests.comms.rows import make_investor
from tests.completeness.catalogue import Act, scene
from tests.completeness.scenes.comms import providers
from tests.completeness.scenes.core import call, visit
from tests.core.builders import actor_of, make_line, make_user

MAIL = "li.na@customer.example"


def _asked() -> InvestorLoginCode:
    providers()
    make_investor(email=MAIL)
    code_id = signin.request_code(typed=MAIL, ip="203.0.113.7", now=clock.now())
    return InvestorLoginCode.objects.get(pk=code_id)


@scene("portal.selfservice.signin.request_code")
def _request() -> Act:
    make_investor(email=MAIL)
    return call(signin.request_code, typed=MAIL, ip="203.0.113.7")


@scene("portal.selfservice.signin.send_code")
def _send() -> Act:
    return call(signin.send_code, code_id=_asked().pk)


@scene("portal.selfservice.signin.verify_code")
def _verify() -> Act:
    row = _asked()
    sent: list[base.Outgoing] = []
    provider = base.provider("email")
    kept = provider.send_batch
    provider.send_batch = lambda messages: sent.extend(messages) or kept(messages)  # type: ignore
    signin.send_code(code_id=row.pk, now=clock.now())
    digits = "".join(c for c in sent[0].text[:60] if c.isdigit())[:6]
    return call(signin.verify_code, code_id=row.pk, typed=digits, ip="203.0.113.7")


@scene("portal.selfservice.sessions.start")
def _start() -> Act:
    who = make_investor(email=MAIL)
    words = {"request": visit(), "response": HttpResponse(), "investor": who}
    return call(sessions.start, **words)


def _inside():
    who = make_investor(email=MAIL)
    request = visit()
    sessions.start(request, HttpResponse(), investor=who, now=clock.now())
    return request, who


@scene("portal.selfservice.sessions.end")
def _end() -> Act:
    request, _who = _inside()
    return call(sessions.end, request=request)


@scene("portal.selfservice.sessions.remove_device")
def _remove() -> Act:
    _, who = _inside()
    device = BoundDevice.objects.get()
    return call(sessions.remove_device, device_id=device.pk, actor=actors.investor(who.pk))


@scene("portal.selfservice.choices.set_wishes")
def _wishes() -> Act:
    who = make_investor(email=MAIL)
    words = {"investor": who, "wanted": set(), "actor": actors.investor(who.pk)}
    return call(choices.set_wishes, **words)


@scene("portal.selfservice.choices.give")
def _give() -> Act:
    who = make_investor(email=MAIL, consents=())
    return call(choices.give, purpose="channel.email", actor=actors.investor(who.pk))


@scene("portal.selfservice.choices.withdraw")
def _withdraw() -> Act:
    who = make_investor(email=MAIL)
    return call(choices.withdraw, purpose="channel.email", actor=actors.investor(who.pk))


@scene("portal.selfservice.choices.read_history")
def _history() -> Act:
    who = make_investor(email=MAIL)
    words = {"investor": who, "cursor": None, "actor": actors.investor(who.pk)}
    return call(choices.read_history, **words)


@scene("portal.history.services.view_as_of")
def _as_of() -> Act:
    now = clock.now()
    words = {"kind": "line", "object_id": make_line().pk, "at": now}
    return call(view_as_of, actor=actor_of(make_user(Role.AUDITOR)), **words)
