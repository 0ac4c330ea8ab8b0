"""The figures of a report as rows of text, for terminals and pages alike."""

from __future__ import annotations

from typing import Any

Report = dict[str, Any]
_Figure = dict[str, float] | None


def table(report: Report) -> tuple[list[str], list[list[str]]]:
    """Give the header, and a row a system; the lines of a cell are figure, interval, counts."""
    lines = [_line(system, report["judges"]) for system in report["systems"]]
    header = ["System", "Clips"]
    for name in report["judges"]:
        judge = report["systems"][0]["figures"]["judges"][name]
        header.append(f"{judge['title']} {_UNITS[judge['kind']]}".strip())
    return [*header, "RTF", "Never stopped", "Stopped at once"], lines


_UNITS = {"text": "WER %, S/D/I", "speaker": "similarity", "quality": ""}


def _line(system: dict[str, Any], judges: list[str]) -> list[str]:
    found = system["figures"]
    clips = str(found["clips"])
    if found["refused"]:
        clips += f"\n{found['refused']} refused"
    return [
        system["title"],
        clips,
        *(_judged(found["judges"][name]) for name in judges),
        _cell(found["rtf"]),
        _cell(found["never_stopped"], percent=True),
        _cell(found["stopped_at_once"], percent=True),
    ]


def _judged(judge: dict[str, Any]) -> str:
    if judge["kind"] != "text":
        return _cell(judge.get("mos" if judge["kind"] == "quality" else "similarity"))
    counts = "/".join(str(judge[name]) for name in ("substitutions", "deletions", "insertions"))
    return f"{_cell(judge['wer'], percent=True)}\n{counts} of {judge['words']}"


def _cell(figure: _Figure, *, percent: bool = False) -> str:
    if figure is None:
        return "-"
    scale, digits = (100, 1) if percent else (1, 2)
    value, low, high = (f"{scale * figure[name]:.{digits}f}" for name in ("value", "low", "high"))
    return f"{value}\n[{low}, {high}]"
