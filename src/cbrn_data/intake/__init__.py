"""What comes in: a file is read in the form in which people have it, and put under ``raw/`` with what is known of it."""
