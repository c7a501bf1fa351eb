"""Pages on which a person reviews a leaflet or a release before it is used; each is one self-contained file."""
