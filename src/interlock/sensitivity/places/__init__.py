"""Places as people write them: streets, blocks of an address, towns, facilities."""
