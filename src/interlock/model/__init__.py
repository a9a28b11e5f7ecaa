"""The words of the design (section 2) as values: one file a word. Imports nothing but `errors`."""
