"""How good a voice is: test sets, published protocols, independent judges, one report.

from pathlib import Path
from sled_infer import Synthesizer
from sled_infer.evaluation import Protocol, Recordings, Speaking, evaluate, find_judges, read_clips

voice = Protocol(Synthesizer.from_pretrained(), "plain", Speaking())
judges = find_judges(["moonshine", "dnsmos"])
report = evaluate(read_clips("speech"), [Recordings(), voice], judges, Path("report"))
"""

from ._bootstrap import Estimate, mean, ratio
from ._choose import SYSTEMS, default_systems, make_systems
from ._clips import LONGEST, SHORTEST, Clip, read_clips
from ._evaluate import Report, evaluate
from ._finished import Finished
from ._hearing import Heard, ask, embed, hear, hear_words
from ._judges import DEFAULT_JUDGES, JUDGES, Judge, find_judges
from ._protocols import PROTOCOLS, Protocol, ProtocolName, Speaking
from ._run import Progress
from ._systems import Flite, Recordings, Spoken, System, ThroughCodec
from ._table import table
from ._words import WordErrors, compare, normalise

__all__ = [
    "DEFAULT_JUDGES",
    "JUDGES",
    "LONGEST",
    "PROTOCOLS",
    "SHORTEST",
    "SYSTEMS",
    "Clip",
    "Estimate",
    "Finished",
    "Flite",
    "Heard",
    "Judge",
    "Progress",
    "Protocol",
    "ProtocolName",
    "Recordings",
    "Report",
    "Speaking",
    "Spoken",
    "System",
    "ThroughCodec",
    "WordErrors",
    "ask",
    "compare",
    "default_systems",
    "embed",
    "evaluate",
    "find_judges",
    "hear",
    "hear_words",
    "make_systems",
    "mean",
    "normalise",
    "ratio",
    "read_clips",
    "table",
]
