"""The doors: one for each protocol that agents speak. Every door leads onto the gate's path."""
