"""One file a version; once released, a version is never edited."""
