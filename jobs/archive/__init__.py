"""Everything that a server holds, in one file and back: database rows, house storage, keys."""
