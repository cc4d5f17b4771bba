"""Reports to regulators: one form per statutory clock, pre-filled from the incident, reviewed by a
second person, handed in with a receipt (C6)."""
