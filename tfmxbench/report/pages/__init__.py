"""What each page shows, by subject."""
