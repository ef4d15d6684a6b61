"""Call counters by route, as a client's efficiency is judged by them."""

from dataclasses import dataclass, field


@dataclass(slots=True)
class CallCounter:
    """How often each route was called and how many of those calls were writes."""

    _counts: dict[tuple[str, str, str], list[int]] = field(default_factory=dict)

    def count(self, system: str, method: str, route: str, writes: bool) -> None:
        """Adds one call. `route` may begin with the method, which is not repeated."""
        template = route.removeprefix(f"{method} ")
        entry = self._counts.setdefault((system, method, template), [0, 0])
        entry[0] += 1
        entry[1] += writes

    def reset(self) -> None:
        """Starts at nothing again."""
        self._counts.clear()

    def rows(self) -> list[dict[str, str | int]]:
        """`system, method, route, count, writes`, most called first."""
        ordered = sorted(self._counts.items(), key=lambda item: (-item[1][0], item[0]))
        return [
            {"system": system, "method": method, "route": route, "count": count, "writes": writes}
            for (system, method, route), (count, writes) in ordered
        ]
