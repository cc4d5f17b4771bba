"""Put a dozen example risks into an empty register, to try it with."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from core import clock
from core.actor import Actor
from core.errors import VouchsafeError
from core.models import User
from core.selectors import actor_for_user
from crisis.models import Risk
from crisis.risks.controls import services as controls
from crisis.risks.examples import CONTROLS, RISKS, ExampleRisk
from crisis.risks.services import registering


class Command(BaseCommand):
    help = (
        "Put a dozen example risks with controls into an empty register, through the services "
        "and in the name of somebody who works on risks; each step is recorded as any other. "
        "Exit code 1 when the register is not empty or the person may not."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username", help="a member of staff with the right risk.edit")

    def handle(self, *args: Any, **options: Any) -> None:
        user = User.objects.filter(username=options["username"], is_active=True).first()
        if user is None:
            raise CommandError(f"there is no active member of staff “{options['username']}”")
        if Risk.objects.exists():
            raise CommandError("the register is not empty; examples go into an empty one only")
        try:
            with transaction.atomic():
                count = fill(user, actor_for_user(user, ip=None, stepped_up_at=None))
        except VouchsafeError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{count} example risks are in the register")


def fill(user: User, actor: Actor) -> int:
    """Make the examples; how many risks."""
    now = clock.now()
    made = [
        controls.create_control(
            title=title, kind=kind, frequency=frequency, source=source, owner_id=user.pk,
            actor=actor, now=now,
        )
        for title, kind, frequency, source in CONTROLS
    ]  # fmt: skip
    for example in RISKS:
        risk = _register(example, user, actor)
        for place, strength in example.controls:
            controls.attach(
                risk_id=risk.pk, control_id=made[place].pk, strength=strength, actor=actor, now=now
            )
    return len(RISKS)


def _register(example: ExampleRisk, user: User, actor: Actor) -> Risk:
    now = clock.now()
    risk = registering.create_risk(
        kind=example.kind, title=example.title, causes=example.causes,
        department=example.department, owner_id=user.pk, actor=actor, now=now,
    )  # fmt: skip
    for stage in ("inherent", "current", "residual"):
        likelihood, impact = getattr(example, stage)
        registering.assess(
            risk_id=risk.pk, stage=stage, likelihood=likelihood, impact=impact,
            why="示例评估", actor=actor, now=now,
        )  # fmt: skip
    return registering.open_risk(risk_id=risk.pk, actor=actor, now=now)
