"""Staff from the command line."""

from __future__ import annotations

import io
import json

import pytest
from django.core.management import CommandError, call_command

from core.models import User
from core.roles import Role

from .builders import last_record, make_line, make_user

pytestmark = pytest.mark.django_db


def create(*args: str) -> dict[str, str]:
    out = io.StringIO()
    call_command("create_staff", *args, "--json", stdout=out)
    return json.loads(out.getvalue())


def test_the_first_administrator_is_made_and_recorded():
    make_line("retail")
    made = create("root", "--role", "administrator", "--line", "retail", "--language", "en")
    user = User.objects.get(username="root")
    assert user.check_password(made["password"])
    assert (user.is_active, user.roles) == (True, {Role.ADMINISTRATOR})
    assert last_record("user.created").actor == "system:operator"


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["root", "--line", "nowhere"], "nowhere"),
        (["a b"], "username"),
        (["root", "--email", "x"], "email"),
    ],
)
def test_a_refusal_says_why(args, said):
    with pytest.raises(CommandError, match=said):
        create(*args)
    assert not User.objects.filter(username="root").exists()


def test_a_taken_name_is_refused():
    with pytest.raises(CommandError, match="username"):
        create(make_user().username)
