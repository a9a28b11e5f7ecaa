"""Dates as people and machines write them: words, calendar, forms."""
