"""Make the outlines of the map: ``python docs/outlines.py world_map.gpkg`` writes them where the package reads them.

The input is Natural Earth 4.1.0 at 1:10 million, states and provinces, generalised for QGIS and distributed with it: the
file ``usr/share/qgis/resources/data/world_map.gpkg`` of Debian's package ``qgis-common`` (3.22.16+dfsg-1). Natural Earth
is in the public domain. It draws borders as they are controlled; what is changed here, and why, is said in
``src/cbrn_data/portal/pictures/outlines.md``.

Countries are put together from provinces, because several areas that must be drawn apart are provinces. Neighbours share
their vertices in the input exactly, so a border is the set of edges whose two sides belong to different units.
"""

from __future__ import annotations

import itertools
import json
import math
import sqlite3
import struct
import sys
from collections import defaultdict
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

SHA256 = "ff5cceefc4b27abea094fa82459d8aef9417023236c326a666978b62ffe85db2"
RESULT = Path(__file__).parent.parent / "src/cbrn_data/portal/pictures/outlines.json"

Point = tuple[float, float]
Ring = list[Point]

CODES = {
    "ALD": "ALA",
    "SDS": "SSD",
    "KOS": "XKX",
    "PSX": "PSE",
    "CYN": "CYP",  # Northern Cyprus and the base areas are drawn with the island
    "ESB": "CYP",
    "WSB": "CYP",
    "SOL": "SOM",  # Somaliland
    "KAB": "KAZ",  # Baikonur, leased
    "USG": "CUB",  # Guantanamo, leased
    "SAH": "Western Sahara",
    "KAS": "Jammu and Kashmir",  # the Siachen glacier
}
"""What Natural Earth calls a unit, and the ISO code or the area that it is drawn as."""

LEFT_OUT = {"ATA", "ATC", "CLP", "IOA", "PGA"}
"""Antarctica, and islands and reefs that belong to no country or are too small to be visible."""

PROVINCES = {
    ("RUS", "Crimea"): "UKR",
    ("RUS", "Sevastopol"): "UKR",
    ("IND", "Jammu and Kashmir"): "Jammu and Kashmir",
    ("PAK", "Azad Kashmir"): "Jammu and Kashmir",
    ("PAK", "Northern Areas"): "Jammu and Kashmir",
    ("IND", "Arunachal Pradesh"): "Arunachal Pradesh",
}

PARALLEL = 27 + 2 / 3
"""The northern limit of Western Sahara; what Natural Earth gives to Morocco south of it is Western Sahara."""

CUTS = (
    ((22,), "ISR", "SYR"),  # the Golan
    ((21,), "CHN", "Aksai Chin"),
    ((15,), "CHN", "Jammu and Kashmir"),  # the Trans-Karakoram tract
    ((25,), "SDN", "Abyei"),
    ((17, 19, 18), "KEN", "Ilemi triangle"),
)
"""Lines of the layer ``disputed_borders`` (their ``fid``), the unit that they cut, and what the part cut off is drawn as."""

GRID = 0.01
"""Degrees: a kilometre, and about a pixel of the closest view."""
NEAR, FAR = 40.0, 600.0
"""Square kilometres: a vertex goes while the triangle with its neighbours is smaller (Visvalingam and Whyatt, 1993); and so
does an island, except the largest of a country. Near is where maps of the programme look: Africa, and Asia and Europe south
of 56 degrees."""


def main(path: Path) -> None:
    """Write the outlines that a file gives."""
    if sha256(path.read_bytes()).hexdigest() != SHA256:
        raise SystemExit(f"{path} is not the file this was made for")
    with sqlite3.connect(path) as database:
        owner = edges(database)
        for numbers, unit, part in CUTS:
            marks = ", ".join("?" * len(numbers))
            found = database.execute(f"select geom from disputed_borders where fid in ({marks})", numbers)  # noqa: S608
            cut(owner, chained([line for (blob,) in found for line in parts(blob)]), unit, part)
    RESULT.write_text(json.dumps(topology(owner), separators=(",", ":"), ensure_ascii=False) + "\n", encoding="utf-8")


def edges(database: sqlite3.Connection) -> dict[tuple[Point, Point], str]:
    """Return the unit on the one side of each directed edge of a province."""
    owner: dict[tuple[Point, Point], str] = {}
    for name, code, blob in database.execute("select name, adm0_a3, geom from states_provinces where geom is not null"):
        if code in LEFT_OUT:
            continue
        unit = PROVINCES.get((code, name), CODES.get(code, code))
        for polygon in parts(blob):
            for ring in polygon:
                for there, part in halves(ring, unit):
                    owner |= dict.fromkeys(itertools.pairwise(there), part)
    return owner


def halves(ring: Ring, unit: str) -> Iterator[tuple[Ring, str]]:
    """Yield a ring and its unit; one of Morocco that reaches over the parallel in two parts."""
    if unit != "MAR" or min(y for _, y in ring) >= PARALLEL:
        yield ring, unit
        return
    for sign, part in ((1, "MAR"), (-1, "Western Sahara")):
        kept: Ring = []
        for a, b in itertools.pairwise(ring):
            if (a[1] - PARALLEL) * sign >= 0:
                kept.append(a)
            if (a[1] - PARALLEL) * (b[1] - PARALLEL) < 0:
                (x1, y1), (x2, y2) = sorted((a, b))
                kept.append((x1 + (x2 - x1) * (PARALLEL - y1) / (y2 - y1), PARALLEL))
        if len(kept) > 2:
            yield [*kept, kept[0]], part


def parts(blob: bytes) -> list:  # type: ignore[type-arg]
    """Return the lines or polygons of a geometry (OGC GeoPackage 1.3, 2.1.3, and well-known binary)."""
    at = 8 + (0, 32, 48, 48, 64)[blob[3] >> 1 & 7]

    def number() -> int:
        nonlocal at
        at += 4
        return int(struct.unpack_from("<I", blob, at - 4)[0])

    def line() -> Ring:
        nonlocal at
        count = number()
        flat = struct.unpack_from(f"<{2 * count}d", blob, at)
        at += 16 * count
        return list(zip(flat[::2], flat[1::2], strict=True))

    def geometry() -> list:  # type: ignore[type-arg]
        nonlocal at
        at += 1
        kind = number()
        if kind == 2:
            return line()
        return [line() if kind == 3 else geometry() for _ in range(number())]

    return geometry()


def chained(lines: list[Ring]) -> Ring:
    """Return one line made of pieces that meet at their ends."""
    line, *rest = lines
    while rest:
        for piece in (way for one in rest for way in (one, one[::-1])):
            if piece[0] == line[-1]:
                line = line + piece[1:]
            elif piece[-1] == line[0]:
                line = piece[:-1] + line
            else:
                continue
            rest = [one for one in rest if one not in (piece, piece[::-1])]
            break
        else:
            raise SystemExit(f"the pieces of a line do not meet: {line[0]}, {line[-1]}")
    return line


def cut(owner: dict[tuple[Point, Point], str], line: Ring, unit: str, part: str) -> None:
    """Give what a line cuts off a unit to another; the line ends at the vertices of the border that are nearest."""
    border = max(rings(owner)[unit], key=lambda ring: abs(area(ring)))
    first, last = (border.index(min(border, key=lambda point: math.dist(point, end))) for end in (line[0], line[-1]))
    middle = line[1:-1]
    one = border[first:] + border[:first]
    there = one[: (last - first) % len(border) + 1]
    back = [*one[(last - first) % len(border) :], one[0]]
    if abs(area(there + middle[::-1])) < abs(area(back + middle)):
        side, inner = there, [there[-1], *middle[::-1], there[0]]
    else:
        side, inner = back, [back[-1], *middle, back[0]]
    owner |= dict.fromkeys(itertools.pairwise(side), part)
    owner |= dict.fromkeys(itertools.pairwise(inner), part)
    owner |= dict.fromkeys(zip(inner[::-1], inner[-2::-1], strict=False), unit)


def rings(owner: dict[tuple[Point, Point], str]) -> dict[str, list[Ring]]:
    """Return the rings of each unit, open, from the edges that have another unit or none on their other side."""
    after: dict[str, dict[Point, list[Point]]] = defaultdict(lambda: defaultdict(list))
    for (a, b), unit in owner.items():
        if owner.get((b, a)) != unit:
            after[unit][a].append(b)
    found: dict[str, list[Ring]] = {}
    for unit, ways in after.items():
        found[unit] = []
        while ways:
            ring, at = [], next(iter(ways))
            while at in ways:
                ring.append(at)
                at = ways[at].pop()
                if not ways[ring[-1]]:
                    del ways[ring[-1]]
            found[unit].append(ring)
    return found


def area(ring: Ring) -> float:
    """Return the area of a ring in square kilometres, about; positive where it runs counter-clockwise."""
    squeeze = math.cos(math.radians(sum(y for _, y in ring) / len(ring)))
    pairs = zip(ring, ring[1:] + ring[:1], strict=True)
    return sum(x1 * y2 - x2 * y1 for (x1, y1), (x2, y2) in pairs) / 2 * squeeze * 111.2**2


def topology(owner: dict[tuple[Point, Point], str]) -> dict[str, object]:
    """Return TopoJSON of the units: a country has its ISO code as id, an area without a country has a name."""
    units = {unit: kept(found) for unit, found in sorted(rings(owner).items())}
    arcs: dict[tuple[Point, ...], int] = {}
    shapes: list[dict[str, object]] = []
    ends = junctions(units)
    for unit, polygons in units.items():
        numbers = [[[numbered(arc, arcs) for arc in arcs_of(ring, ends)] for ring in one] for one in polygons]
        x, y = place(max((polygon[0] for polygon in polygons), key=lambda ring: abs(area(ring))))
        about: dict[str, object] = {"at": [round(x, 2), round(y, 2)]}
        whose = {"id": unit, "properties": about} if len(unit) == 3 else {"properties": about | {"name": unit}}
        shapes.append({"type": "MultiPolygon"} | whose | {"arcs": numbers})
    return {
        "type": "Topology",
        "transform": {"scale": [GRID, GRID], "translate": [0, 0]},
        "objects": {"outlines": {"type": "GeometryCollection", "geometries": shapes}},
        "arcs": [differences(simpler(list(arc))) for arc in arcs],
    }


def kept(found: list[Ring]) -> list[list[Ring]]:
    """Return polygons: outer rings clockwise, as d3 has them, each with its holes; small islands go."""
    largest = max(abs(area(ring)) for ring in found)
    wanted = [ring for ring in found if abs(area(ring)) >= min(2 * detail(ring[0]), largest)]
    outer = [[ring] for ring in wanted if area(ring) < 0]
    for hole in (ring for ring in wanted if area(ring) > 0):
        around = [polygon for polygon in outer if inside(hole[0], polygon[0]) or inside(hole[1], polygon[0])]
        min(around, key=lambda polygon: abs(area(polygon[0]))).append(hole)
    return outer


def detail(point: Point) -> float:
    """Return the smallest area that is kept around a point."""
    return NEAR if -26 < point[0] < 150 and -36 < point[1] < 56 else FAR


def inside(point: Point, ring: Ring) -> bool:
    """Say whether a point is inside a ring, by the edges that a line to the east crosses."""
    x, y = point
    crossed = False
    for (x1, y1), (x2, y2) in zip(ring, ring[1:] + ring[:1], strict=True):
        if (y1 > y) != (y2 > y) and x < (x2 - x1) * (y - y1) / (y2 - y1) + x1:
            crossed = not crossed
    return crossed


def junctions(units: dict[str, list[list[Ring]]]) -> set[Point]:
    """Return the points where more than two edges meet: there an arc ends."""
    near: dict[Point, set[Point]] = defaultdict(set)
    for polygons in units.values():
        for ring in (ring for polygon in polygons for ring in polygon):
            for a, b in zip(ring, ring[1:] + ring[:1], strict=True):
                near[a].add(b)
                near[b].add(a)
    return {point for point, others in near.items() if len(others) > 2}


def arcs_of(ring: Ring, ends: set[Point]) -> list[Ring]:
    """Return a ring cut at junctions; one without any begins at its smallest point, so that both its sides agree."""
    start = next((n for n, point in enumerate(ring) if point in ends), None)
    if start is None:
        start = ring.index(min(ring))
    turned = [*ring[start:], *ring[: start + 1]]
    stops = [0, *(n for n, point in enumerate(turned[1:-1], 1) if point in ends), len(turned) - 1]
    return [turned[a : b + 1] for a, b in itertools.pairwise(stops)]


def numbered(arc: Ring, arcs: dict[tuple[Point, ...], int]) -> int:
    """Return the number of an arc, ``~number`` where it is known the other way round."""
    if tuple(arc[::-1]) in arcs:
        return ~arcs[tuple(arc[::-1])]
    return arcs.setdefault(tuple(arc), len(arcs))


def simpler(arc: Ring) -> Ring:
    """Return an arc without vertices that hardly show; its ends stay, and so much that no ring collapses."""
    least, limit = 5 if arc[0] == arc[-1] else 3, detail(arc[len(arc) // 2])
    while len(arc) > least:
        sizes = [abs(area(list(three))) for three in zip(arc, arc[1:], arc[2:], strict=False)]
        if (smallest := min(sizes)) >= limit:
            break
        thinned, skip = [arc[0]], False
        for size, point in zip(sizes, arc[1:-1], strict=True):
            skip = not skip and size <= min(limit, 2 * smallest)
            if not skip:
                thinned.append(point)
        thinned.append(arc[-1])
        if len(thinned) < least:
            break
        arc = thinned
    return arc


def differences(arc: Ring) -> list[list[int]]:
    """Return an arc on the grid, each place as the difference to the one before."""
    whole = [(round(x / GRID), round(y / GRID)) for x, y in arc]
    whole = [whole[0], *(b for a, b in itertools.pairwise(whole) if a != b)]
    moves = itertools.pairwise(whole)
    return [list(whole[0]), *([x2 - x1, y2 - y1] for (x1, y1), (x2, y2) in moves)] + ([[0, 0]] if len(whole) == 1 else [])


def place(ring: Ring) -> Point:
    """Return where a label goes: the centre of gravity of a ring."""
    x0, y0 = ring[0]
    pairs = [((x1 - x0, y1 - y0), (x2 - x0, y2 - y0)) for (x1, y1), (x2, y2) in zip(ring, ring[1:] + ring[:1], strict=True)]
    six = 3 * sum(x1 * y2 - x2 * y1 for (x1, y1), (x2, y2) in pairs)
    x = sum((x1 + x2) * (x1 * y2 - x2 * y1) for (x1, y1), (x2, y2) in pairs) / six
    y = sum((y1 + y2) * (x1 * y2 - x2 * y1) for (x1, y1), (x2, y2) in pairs) / six
    return x0 + x, y0 + y


if __name__ == "__main__":
    main(Path(sys.argv[1]))
