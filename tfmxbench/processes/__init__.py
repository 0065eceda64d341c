"""Starting, bounding and ending processes; environments; the machine; the cache."""
