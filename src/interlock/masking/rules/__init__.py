"""One rule a file: what a value becomes. A rule that depends on the value will be a class beside `Replacement`."""
