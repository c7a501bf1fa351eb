"""Pages for the person who decides before anything counts: each is one file that loads no other."""
