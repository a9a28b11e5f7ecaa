"""Names of people: lists of our own, words that vote for and against, and the grammar of names. Pure."""
