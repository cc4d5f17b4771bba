"""A role taken away in the middle of a session ends it."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from core import clock
from core.roles import Role
from core.services import set_roles
from tests.builders import make_line
from tests.core.builders import actor_of, make_user, sign_in

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("left", [[], [Role.AUTHOR]])
def test_the_next_request_is_at_the_sign_in_page(left) -> None:
    people = [make_user(Role.DISPATCHER, lines=[make_line()]) for _ in range(2)]
    mine, colleague = (sign_in(Client(), user, stepped_up=True) for user in people)
    assert mine.get(reverse("notice-list")).status_code == 200
    administrator = actor_of(make_user(Role.ADMINISTRATOR))
    set_roles(user_id=people[0].pk, roles=left, actor=administrator, now=clock.now())
    answer = mine.get(reverse("notice-list"))
    assert answer.status_code == 302
    assert reverse("sign-in") in answer["Location"]
    refused = mine.post(reverse("notice-new"), {})
    assert refused.status_code == 303
    assert reverse("sign-in") in refused["Location"]
    assert colleague.get(reverse("notice-list")).status_code == 200
