"""Microsoft Teams: reviews as Adaptive Cards, votes as clicks on them (docs/howto/review-in-teams.md).

Nothing is imported here: only `building.build_teams` needs the Teams SDK, and only where `[teams]` is set.
"""
