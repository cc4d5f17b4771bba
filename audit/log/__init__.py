"""The log as others see it: its public files, its page, and what it proves."""
