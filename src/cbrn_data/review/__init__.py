"""Pages on which a person checks what comes next, a leaflet or a release: each is one file that loads no other."""
