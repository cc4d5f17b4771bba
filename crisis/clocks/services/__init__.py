"""Starting, meeting, pausing and watching clocks; one ledger record `clock.<verb>` each."""

from crisis.clocks.services.breaches import tick as tick
from crisis.clocks.services.ending import call_off as call_off
from crisis.clocks.services.ending import cancel_running as cancel_running
from crisis.clocks.services.ending import meet as meet
from crisis.clocks.services.pausing import pause as pause
from crisis.clocks.services.pausing import resume as resume
from crisis.clocks.services.starting import at_moment as at_moment
from crisis.clocks.services.starting import reconsider as reconsider
