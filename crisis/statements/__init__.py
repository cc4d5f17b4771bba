"""Words about an incident: the notice to exactly those whom it hit (C9), statements and the daily
bulletin on approved templates (C7), internal updates, and the public status page."""
