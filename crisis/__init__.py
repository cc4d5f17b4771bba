"""Crisis and risk: from the first alarm to the signed-off lesson. One package per part; they stand
on each other in this order: clocks, plans, escalation; incidents; then what follows from one."""
