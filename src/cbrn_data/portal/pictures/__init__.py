"""Pictures where people would rather look: a map, a timeline, and projects by year, each declared in Vega-Lite."""

from __future__ import annotations

from cbrn_data.portal.pictures.claims import claims
from cbrn_data.portal.pictures.drawing import Picture
from cbrn_data.portal.pictures.partners import partners
from cbrn_data.portal.pictures.timeline import timeline
from cbrn_data.portal.reading import Reading

__all__ = ["Picture", "draw"]


def draw(reading: Reading) -> list[Picture]:
    """Return the pictures of a release, leaving out those for which it has no data."""
    return [picture for make in (partners, timeline, claims) if (picture := make(reading))]
