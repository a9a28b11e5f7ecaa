"""Who asks and who may sign: verified credentials, actors, people, and who is excluded from signing. Pure."""
