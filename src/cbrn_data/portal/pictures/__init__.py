"""Pictures: a map, a timeline, and projects by year, each declared in Vega-Lite."""

from __future__ import annotations

from cbrn_data.portal.pictures.claims import claims
from cbrn_data.portal.pictures.drawing import Picture
from cbrn_data.portal.pictures.partners import partners
from cbrn_data.portal.pictures.timeline import timeline
from cbrn_data.portal.view import ReleaseView

__all__ = ["Picture", "draw"]


def draw(view: ReleaseView) -> list[Picture]:
    """Return the pictures of a release, except those for which it has no data."""
    return [picture for make in (partners, timeline, claims) if (picture := make(view))]
