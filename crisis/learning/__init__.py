"""What an incident taught: the retrospective, signed off by a second person, and what is done
about it, by whom, until when (C10)."""
