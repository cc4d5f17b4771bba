"""The relationship with an investor: ended by a person, and taken up again. From its end the
retention periods "after the relationship" count."""
