"""Channel plans, and what each criticality class demands of one (D2, D3). Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from comms.rules import CHANNEL_LABELS, SENT, Channel, Criticality, Evidence
from core.errors import InvalidInput


@dataclass(frozen=True, slots=True)
class ClassRules:
    """What a criticality class demands (D2, D3). `min_parallel` counts channels beside the
    backup; `needed` is how many channels must reach `until` before fallbacks are spared."""

    min_parallel: int
    backup: Channel | None
    overrides_quiet_hours: bool
    wait_seconds: int
    until: Evidence
    needed: int


CLASSES: Mapping[Criticality, ClassRules] = {
    Criticality.CRITICAL: ClassRules(2, Channel.EMAIL, True, 300, Evidence.DELIVERED, 2),
    Criticality.IMPORTANT: ClassRules(1, None, False, 3600, Evidence.DELIVERED, 1),
    Criticality.ROUTINE: ClassRules(1, None, False, 86400, Evidence.DELIVERED, 1),
}


@dataclass(frozen=True, slots=True)
class ChannelPlan:
    """Channels used at once, then one after another: the next when `wait_seconds` after the
    hand-over fewer than `needed` channels have reached `until`, or can't any more."""

    parallel: tuple[Channel, ...]
    fallback: tuple[Channel, ...] = ()
    wait_seconds: int = 3600
    until: Evidence = Evidence.DELIVERED
    needed: int = 1

    @property
    def channels(self) -> tuple[Channel, ...]:
        """All channels, in order of rank."""
        return self.parallel + self.fallback

    def as_json(self) -> dict[str, Any]:
        """The form kept on the notice."""
        return {
            "parallel": [channel.value for channel in self.parallel],
            "fallback": [channel.value for channel in self.fallback],
            "wait_seconds": self.wait_seconds,
            "until": self.until.name.lower(),
            "needed": self.needed,
        }


def read_channel_plan(raw: Mapping[str, Any], criticality: Criticality) -> ChannelPlan:
    """The plan from JSON; what it leaves out comes from the class.

    Raises InvalidInput naming the field for unknown or repeated channels, for one that nothing
    sends (`not_sent`), no channel at all, and waits that are not between 0 s and 7 days.
    """
    house = CLASSES[criticality]
    parallel, fallback = _channels(raw, "parallel"), _channels(raw, "fallback")
    chosen = parallel + fallback
    if not parallel:
        raise InvalidInput(_("Choose at least one channel."), field="channels.parallel")
    if len(set(chosen)) != len(chosen):
        raise InvalidInput(_("A channel is named twice."), field="channels")
    wait = raw.get("wait_seconds", house.wait_seconds)
    if type(wait) is not int or not 0 <= wait <= 7 * 86400:
        raise InvalidInput(
            _("The wait must be a number of seconds, at most 7 days."),
            field="channels.wait_seconds",
        )
    try:
        until = Evidence[str(raw.get("until", house.until.name)).upper()]
    except KeyError:
        raise InvalidInput(_("No such grade of evidence."), field="channels.until") from None
    needed = raw.get("needed", min(house.needed, len(parallel)))
    if type(needed) is not int or not 1 <= needed <= len(chosen):
        raise InvalidInput(_("More channels are needed than chosen."), field="channels.needed")
    return ChannelPlan(parallel, fallback, wait, until, needed)


def _channels(raw: Mapping[str, Any], key: str) -> tuple[Channel, ...]:
    try:
        named = tuple(Channel(name) for name in raw.get(key, ()))
    except (ValueError, TypeError):
        raise InvalidInput(
            _("Unknown channel in “%(list)s”.") % {"list": key}, field=f"channels.{key}"
        ) from None
    for channel in named:
        if channel not in SENT:
            raise InvalidInput(
                _("This installation sends nothing by “%(channel)s”; it has no provider.")
                % {"channel": CHANNEL_LABELS[channel]},
                code="not_sent",
                field=f"channels.{key}",
                details={"channel": channel.value},
            )
    return named


def check_class(plan: ChannelPlan, criticality: Criticality) -> None:
    """Raise InvalidInput when the plan has fewer channels than the class demands (D2)."""
    house = CLASSES[criticality]
    beside_backup = [channel for channel in plan.parallel if channel != house.backup]
    if len(beside_backup) < house.min_parallel or (
        house.backup is not None and house.backup not in plan.channels
    ):
        raise InvalidInput(
            _(
                "A critical notice needs at least two parallel channels, and e-mail besides as "
                "the backup."
            ),
            code="too_few_channels",
            field="channels",
            details={
                "parallel": [channel.value for channel in plan.parallel],
                "needed": house.min_parallel,
                "backup": house.backup.value if house.backup else None,
            },
        )
