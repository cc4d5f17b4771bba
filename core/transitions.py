"""State machines as data: one table serves Python checks, SQL triggers and docs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from core.errors import IllegalTransition, InvalidInput


@dataclass(frozen=True, slots=True)
class Move:
    """One legal move. `reason` says that the actor must give one."""

    name: str
    reason: bool = False


@dataclass(frozen=True, slots=True)
class Machine:
    """A finite state machine over string states.

    `moves` maps (from, to) to the Move; anything absent is illegal.
    """

    name: str
    moves: Mapping[tuple[str, str], Move]

    def check(self, *, old: str, new: str, reason: str = "") -> Move:
        """The Move from `old` to `new`; raises IllegalTransition, or InvalidInput without a
        reason where one is mandatory."""
        move = self.moves.get((str(old), str(new)))
        if move is None:
            raise IllegalTransition(
                _("%(machine)s cannot go from %(old)s to %(new)s.")
                % {"machine": self.name, "old": old, "new": new},
                details={"from": str(old), "to": str(new)},
            )
        if move.reason and not reason.strip():
            raise InvalidInput(_("A reason is required."), code="reason_required", field="reason")
        return move

    def next_states(self, old: str) -> tuple[str, ...]:
        """The states that `old` may move to, in table order."""
        return tuple(new for (frm, new) in self.moves if frm == str(old))

    def sql_condition(self, column: str = "state") -> str:
        """A boolean SQL expression over OLD and NEW of a row trigger: true for a legal move
        or no move. State names are literals of this code base, never user input."""
        pairs = ", ".join(f"('{old}', '{new}')" for old, new in sorted(self.moves))
        return f"(OLD.{column} = NEW.{column} OR (OLD.{column}, NEW.{column}) IN ({pairs}))"
