"""The report as one HTML file: figures, the worst utterances, and all audio inside it."""

from __future__ import annotations

import json
from base64 import b64encode
from difflib import SequenceMatcher
from html import escape
from importlib import resources
from pathlib import Path
from string import Template
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from sled_codec import atomic_write, read_audio, write_audio

from sled_infer._symbols import CLOSING, OPENING

from ._table import table

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_SIDE_BY_SIDE = 5  # clips that are played from every system
_MARKS = f".,;:!?…-{OPENING}{CLOSING}"  # no part of a word
Report = dict[str, Any]
Row = dict[str, Any]


def write_page(report: Report, run: Path) -> None:
    """Write `report.html` into the run folder."""
    page = Template(resources.files(__package__).joinpath("page.html").read_text("utf-8"))
    sections = [_side_by_side(report, run), *(_worst(report, s, run) for s in report["systems"])]
    text = page.substitute(
        title="Evaluation",
        summary=f"{report['clips']} clips. Judges: {escape(', '.join(_titles(report)))}.",
        figures=_figures(report),
        sections="\n".join(section for section in sections if section),
        settings=_settings(report),
    )
    with atomic_write(run / "report.html") as file:
        file.write(text.encode())


def _titles(report: Report) -> list[str]:
    judges = report["systems"][0]["figures"]["judges"]
    return [judges[name]["title"] for name in report["judges"]]


def _figures(report: Report) -> str:
    header, lines = table(report)
    cells = ([*line[:1], *(_number(cell) for cell in line[1:])] for line in lines)
    return _table(header, cells)


def _number(cell: str) -> str:
    """Give figure, interval and counts of a cell a line each."""
    return "".join(
        escape(part) if first else f"<small>{escape(part)}</small>"
        for first, part in ((not number, part) for number, part in enumerate(cell.split("\n")))
    )


def _settings(report: Report) -> str:
    lines = [
        [escape(system["title"]), escape(json.dumps(system["settings"])[1:-1].replace('"', ""))]
        for system in report["systems"]
    ]
    return _table(["System", "What it was spoken with"], lines)


def _side_by_side(report: Report, run: Path) -> str:
    """Let the same clips be heard from every system."""
    systems = report["systems"]
    names = [{row["name"] for row in system["utterances"]} for system in systems]
    first = systems[0]["utterances"]
    shared = [row for row in first if all(row["name"] in known for known in names)]
    step = max(1, len(shared) // _SIDE_BY_SIDE)
    lines = [
        [escape(row["text"]), *(_player(run / system["name"], row["name"]) for system in systems)]
        for row in shared[::step][:_SIDE_BY_SIDE]
    ]
    if not lines:
        return ""
    header = ["Text", *(system["title"] for system in systems)]
    return f'<h2>Side by side</h2>\n<div class="wide">{_table(header, lines)}</div>'


def _worst(report: Report, system: Row, run: Path) -> str:
    """Show the utterances with most word errors, what was heard, and the audio."""
    kinds = system["figures"]["judges"]
    judge = next((name for name in report["judges"] if kinds[name]["kind"] == "text"), None)
    if judge is None or not system["worst"]:
        return ""
    rows = {row["name"]: row for row in system["utterances"]}
    lines = [
        [
            escape(name),
            _player(run / system["name"], name),
            _marked(rows[name]["text"], rows[name][judge]["text"]),
            _remarks(rows[name], judge),
        ]
        for name in system["worst"]
    ]
    title = escape(f"{system['title']}: most words wrong")
    header = ["Clip", "Audio", f"Heard by {kinds[judge]['title']}", "Errors"]
    return f'<h2>{title}</h2>\n<div class="wide">{_table(header, lines)}</div>'


def _remarks(row: Row, judge: str) -> str:
    errors = row[judge]["errors"]
    count = errors["substitutions"] + errors["deletions"] + errors["insertions"]
    remarks = [f"{count} of {errors['length']} words"]
    if row["stopped"] is False:
        remarks.append("never stopped")
    if row["refused"] is not None:
        remarks.append(row["refused"])
    return "".join(f"<small>{escape(remark)}</small>" for remark in remarks)


def _marked(said: str, heard: str) -> str:
    """Show what was heard: words that are missing struck out, words that are new in bold."""
    old, new = said.split(), heard.split()
    plain = [[word.strip(_MARKS).lower() for word in words] for words in (old, new)]
    pieces = []
    for kind, a, b, c, d in SequenceMatcher(None, plain[0], plain[1], autojunk=False).get_opcodes():
        if kind == "equal":
            pieces.append(escape(" ".join(new[c:d])))
            continue
        pieces += [f"<del>{escape(' '.join(old[a:b]))}</del>"] if b > a else []
        pieces += [f"<ins>{escape(' '.join(new[c:d]))}</ins>"] if d > c else []
    return " ".join(pieces)


def _player(folder: Path, name: str) -> str:
    path = folder / f"{name}.wav"
    if not path.is_file():
        return "<small>said nothing</small>"
    data = b64encode(_as_mp3(path)).decode()
    return f'<audio controls preload="none" src="data:audio/mpeg;base64,{data}"></audio>'


def _as_mp3(path: Path) -> bytes:
    with TemporaryDirectory(prefix="sled-") as folder:
        target = Path(folder) / "sound.mp3"
        write_audio(target, *read_audio(path))
        return target.read_bytes()


def _table(header: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    """Put cells, HTML already, under a header of plain text."""
    head = "".join(f"<th>{escape(cell)}</th>" for cell in header)
    body = "".join(
        "<tr>" + "".join(f"<td>{cell}</td>" for cell in line) + "</tr>\n" for line in lines
    )
    return f"<table><thead><tr>{head}</tr></thead>\n<tbody>\n{body}</tbody></table>"
