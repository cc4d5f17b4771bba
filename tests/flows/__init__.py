"""Whole journeys through HTTP: what each person does at their browser, and workers in between."""
