"""Templates under /api/v1/."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from core.models import User
from core.roles import Role
from templates_mgmt.models import TemplateVersion
from tests.core.builders import actor_of, make_line, make_user, sign_in
from tests.templates_mgmt.builders import (
    FACTS,
    PLACEHOLDERS,
    VARIANTS,
    make_draft,
    make_submitted,
    save,
)

pytestmark = pytest.mark.django_db


class Api:
    """A session that speaks JSON."""

    def __init__(self, user: User, *, stepped_up: bool = False) -> None:
        self.client = sign_in(Client(), user, stepped_up=stepped_up)

    def get(self, route: str, /, *args: object, **query: str):
        return self.client.get(reverse(route, args=args), query)

    def post(self, route: str, /, *args: object, headers: dict | None = None, **data: object):
        address = reverse(route, args=args)
        return self.client.post(
            address, data, content_type="application/json", headers=headers or {}
        )

    def put(self, route: str, /, *args: object, **data: object):
        return self.client.put(reverse(route, args=args), data, content_type="application/json")


def person(*roles: Role) -> User:
    return make_user(*roles, lines=[make_line()])


def new_template() -> dict[str, str]:
    return {
        "code": "margin", "name": "Margin call", "category": "risk", "topic_code": "risk_alert",
        "business_line": str(make_line().pk),
    }  # fmt: skip


def words(**changes: object) -> dict[str, object]:
    return {"facts": FACTS, "placeholders": PLACEHOLDERS, "variants": VARIANTS, **changes}


def test_the_whole_life_of_a_version():
    author = Api(person(Role.AUTHOR))
    made = author.post("api-templates", **new_template())
    assert made.status_code == 201
    version_id = made.json()["id"]
    assert made["Location"].endswith(reverse("api-template-version", args=[version_id]))
    saved = author.put("api-template-version", version_id, revision=1, **words())
    assert saved.status_code == 200 and saved.json()["findings"] == []
    submitted = author.post("api-template-version-submit", version_id).json()
    assert submitted["state"] == "in_review"
    reviewer = Api(person(Role.REVIEWER), stepped_up=True)
    approved = reviewer.post(
        "api-template-version-approve", version_id, shown_hash=submitted["content_hash"]
    )
    assert approved.json()["state"] == "approved"
    template = author.get("api-template", made.json()["template"]).json()
    assert (template["newest_state"], template["approved_number"]) == ("approved", 1)
    second = author.post("api-template-versions", template["id"])
    assert second.status_code == 201 and second.json()["number"] == 2
    listed = author.get("api-template-versions", template["id"]).json()
    assert [version["number"] for version in listed] == [2, 1]
    recalled = reviewer.post("api-template-version-recall", version_id, reason="Wrong number")
    assert recalled.json()["state"] == "recalled"


def test_an_idempotency_key_makes_one_template():
    author = Api(person(Role.AUTHOR))
    headers = {"Idempotency-Key": "abc"}
    first = author.post("api-templates", headers=headers, **new_template())
    second = author.post("api-templates", headers=headers, **new_template())
    assert first.json()["id"] == second.json()["id"]
    assert TemplateVersion.objects.count() == 1
    assert author.post("api-templates", **new_template()).status_code == 422


def test_lint_errors_are_listed_with_their_places():
    user = person(Role.AUTHOR)
    facts = {**FACTS, "en": {**FACTS["en"], "risk": "risk-free"}}
    version = make_draft(actor_of(user), facts=facts)
    answer = Api(user).post("api-template-version-submit", version.pk)
    assert answer.status_code == 422
    problem = answer.json()
    assert problem["code"] == "lint"
    (finding,) = problem["details"]["findings"]
    assert (finding["code"], finding["place"], finding["excerpt"]) == (
        "forbidden_word", "en/risk", "risk-free",
    )  # fmt: skip


def test_a_stale_revision_is_refused():
    user = person(Role.AUTHOR)
    version = make_draft(actor_of(user))
    save(version, actor_of(user))
    answer = Api(user).put("api-template-version", version.pk, revision=version.revision, **words())
    assert (answer.status_code, answer.json()["code"]) == (409, "stale_draft")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"facts": {"en": {"title": "\ud800"}}}, "facts.en.title"),
        ({"facts": {"en": {"title": "a\0b"}}}, "facts.en.title"),
        ({"facts": {"fr": {"title": "x"}}}, "facts"),
        ({"facts": []}, "facts"),
        ({"placeholders": [{"name": "a.b"}]}, "placeholders"),
        ({"variants": [{"channel": "pigeon", "language": "en", "body": "x"}]}, "variants.0"),
    ],
)
def test_bad_words_name_their_field_and_change_nothing(changes, field):
    user = person(Role.AUTHOR)
    version = make_draft(actor_of(user))
    answer = Api(user).put(
        "api-template-version", version.pk, revision=version.revision, **words(**changes)
    )
    assert answer.status_code == 422
    assert answer["Content-Type"] == "application/problem+json"
    assert any(error["field"].startswith(field) for error in answer.json()["errors"])
    assert TemplateVersion.objects.get(pk=version.pk).facts["en"]["title"] == FACTS["en"]["title"]


def test_four_eyes_step_up_and_capabilities_hold_here_too():
    both = person(Role.AUTHOR, Role.REVIEWER)
    version = make_submitted(actor_of(both))
    shown = {"shown_hash": version.content_hash}
    name = "api-template-version-approve"
    own = Api(both, stepped_up=True).post(name, version.pk, **shown)
    assert (own.status_code, own.json()["code"]) == (403, "four_eyes")
    late = Api(person(Role.REVIEWER)).post(name, version.pk, **shown)
    assert (late.status_code, late.json()["code"]) == (403, "step_up_required")
    author = Api(person(Role.AUTHOR), stepped_up=True).post(name, version.pk, **shown)
    assert (author.status_code, author.json()["code"]) == (403, "forbidden")
    stale = Api(person(Role.REVIEWER), stepped_up=True)
    assert stale.post(name, version.pk, shown_hash="0" * 64).json()["code"] == "stale_approval"
    assert stale.post(name, version.pk, **shown).status_code == 200


def test_foreign_lines_are_not_there():
    version = make_draft()
    outsider = Api(make_user(Role.AUTHOR, lines=[make_line("wealth", "Wealth")]))
    assert outsider.get("api-template-version", version.pk).status_code == 404
    assert outsider.get("api-template", version.template_id).status_code == 404
    assert outsider.get("api-templates").json()["results"] == []
    answer = outsider.put("api-template-version", version.pk, revision=2, **words())
    assert answer.status_code == 404


def test_lists_are_filtered_and_paged():
    for number in range(3):
        make_draft(code=f"t{number}", name=f"Halt {number}")
    author = Api(person(Role.AUTHOR))
    first = author.get("api-templates", size="2", search="halt").json()
    assert [item["code"] for item in first["results"]] == ["t2", "t1"]
    rest = author.client.get(first["next"]).json()
    assert [item["code"] for item in rest["results"]] == ["t0"]
    assert author.get("api-templates", state="approved").json()["results"] == []
    assert author.get("api-templates", state="nonsense").status_code == 422


def test_strangers_get_a_problem():
    answer = Client().get(reverse("api-templates"))
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")
