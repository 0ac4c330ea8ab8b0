"""Words that are spelled alike and said in two ways: told apart by the words beside them.

said("close", ("please", ""), "the")  # "klˈOz"

One way is the verb's, the other that of noun or adjective. A verb follows "to", "will" or "they",
and stands before "the" or "it"; a noun follows "a" or "of". Where neither tells, a word is said as
it mostly is. The symbols are those of `_lexicon`.
"""

# ruff: noqa: RUF001 - the symbols of sounds look like letters

from __future__ import annotations

from ._inflection import plural

_VERB, _OTHER = 0, 1
# Verb, noun or adjective, and which of them a word mostly is.
_SAID = {
    "abuse": ("əbjˈuz", "əbjˈus", _OTHER),
    "advocate": ("ˈædvəkˌAt", "ˈædvəkət", _OTHER),
    "alternate": ("ˈɔltəɹnˌAt", "ˈɔltəɹnət", _OTHER),
    "associate": ("əsˈOsiˌAt", "əsˈOsiət", _OTHER),
    "attribute": ("ətɹˈɪbjut", "ˈætɹəbjˌut", _OTHER),
    "bass": ("bˈæs", "bˈAs", _OTHER),
    "bow": ("bˈW", "bˈO", _OTHER),
    "close": ("klˈOz", "klˈOs", _OTHER),
    "conduct": ("kəndˈʌkt", "kˈɑndˌʌkt", _OTHER),
    "conflict": ("kənflˈɪkt", "kˈɑnflˌɪkt", _OTHER),
    "content": ("kəntˈɛnt", "kˈɑntˌɛnt", _OTHER),
    "contents": ("kəntˈɛnts", "kˈɑntˌɛnts", _OTHER),
    "contest": ("kəntˈɛst", "kˈɑntˌɛst", _OTHER),
    "contract": ("kəntɹˈækt", "kˈɑntɹˌækt", _OTHER),
    "contrast": ("kəntɹˈæst", "kˈɑntɹˌæst", _OTHER),
    "coordinate": ("kOˈɔɹdᵊnˌAt", "kOˈɔɹdənət", _OTHER),
    "decrease": ("dɪkɹˈis", "dˈikɹˌis", _OTHER),
    "delegate": ("dˈɛləɡˌAt", "dˈɛləɡət", _OTHER),
    "deliberate": ("dəlˈɪbəɹˌAt", "dəlˈɪbəɹət", _OTHER),
    "desert": ("dəzˈɜɹt", "dˈɛzəɹt", _OTHER),
    "duplicate": ("dˈupləkˌAt", "dˈupləkət", _OTHER),
    "elaborate": ("əlˈæbəɹˌAt", "əlˈæbəɹət", _OTHER),
    "estimate": ("ˈɛstəmˌAt", "ˈɛstəmət", _VERB),
    "excuse": ("ɪkskjˈuz", "ɪkskjˈus", _VERB),
    "excuses": ("ɪkskjˈuzᵻz", "ɪkskjˈusᵻz", _OTHER),
    "export": ("ɪkspˈɔɹt", "ˈɛkspˌɔɹt", _OTHER),
    "extract": ("ɪkstɹˈækt", "ˈɛkstɹˌækt", _VERB),
    "graduate": ("ɡɹˈæʤəwˌAt", "ɡɹˈæʤəwət", _OTHER),
    "house": ("hˈWz", "hˈWs", _OTHER),
    "import": ("ɪmpˈɔɹt", "ˈɪmpˌɔɹt", _VERB),
    "increase": ("ɪnkɹˈis", "ˈɪnkɹˌis", _VERB),
    "insult": ("ɪnsˈʌlt", "ˈɪnsˌʌlt", _OTHER),
    "lead": ("lˈid", "lˈɛd", _VERB),
    "live": ("lˈɪv", "lˈIv", _VERB),
    "lives": ("lˈɪvz", "lˈIvz", _OTHER),
    "minute": ("mˈɪnət", "mInˈut", _VERB),
    "moderate": ("mˈɑdəɹˌAt", "mˈɑdəɹət", _OTHER),
    "object": ("əbʤˈɛkt", "ˈɑbʤəkt", _OTHER),
    "perfect": ("pəɹfˈɛkt", "pˈɜɹfəkt", _OTHER),
    "permit": ("pəɹmˈɪt", "pˈɜɹmɪt", _OTHER),
    "present": ("pɹəzˈɛnt", "pɹˈɛzᵊnt", _OTHER),
    "produce": ("pɹədˈus", "pɹˈOdus", _VERB),
    "progress": ("pɹəɡɹˈɛs", "pɹˈɑɡɹəs", _OTHER),
    "project": ("pɹəʤˈɛkt", "pɹˈɑʤˌɛkt", _OTHER),
    "protest": ("pɹətˈɛst", "pɹˈOtˌɛst", _OTHER),
    "rebel": ("ɹəbˈɛl", "ɹˈɛbᵊl", _OTHER),
    "record": ("ɹəkˈɔɹd", "ɹˈɛkəɹd", _OTHER),
    "resume": ("ɹəzˈum", "ɹˈɛzəmˌA", _VERB),
    "refund": ("ɹəfˈʌnd", "ɹˈifˌʌnd", _OTHER),
    "refuse": ("ɹəfjˈuz", "ɹˈɛfjˌus", _VERB),
    "separate": ("sˈɛpəɹˌAt", "sˈɛpəɹət", _OTHER),
    "subject": ("səbʤˈɛkt", "sˈʌbʤɛkt", _OTHER),
    "suspect": ("səspˈɛkt", "sˈʌspˌɛkt", _OTHER),
    "tear": ("tˈɛɹ", "tˈɪɹ", _OTHER),
    "transfer": ("tɹænsfˈɜɹ", "tɹˈænsfəɹ", _OTHER),
    "transport": ("tɹænspˈɔɹt", "tɹˈænspˌɔɹt", _OTHER),
    "use": ("jˈuz", "jˈus", _VERB),
    "used": ("jˈuzd", "jˈust", _VERB),
    "uses": ("jˈuzᵻz", "jˈusᵻz", _VERB),
    "wind": ("wˈInd", "wˈɪnd", _OTHER),
    "wound": ("wˈWnd", "wˈund", _OTHER),
}
# Of these no form in "-s" is said in two ways, or is a word.
_NO_FORM = frozenset(("bass", "bow", "house", "lead", "minute", "perfect", "tear", "used", "wind"))
_NO_FORM |= frozenset(("wound",))
_USUAL_FORM = {"estimate": _OTHER} | dict.fromkeys(
    ("alternate", "close", "deliberate", "elaborate", "moderate", "present", "separate"), _VERB
)


def _forms() -> dict[str, tuple[str, str, int]]:
    """Give the forms in "-s": "she records it", "the records"."""
    forms = {}
    for word, (verb, other, usual) in _SAID.items():
        if word[-1] != "s" and word not in _NO_FORM and f"{word}s" not in _SAID:
            way = _USUAL_FORM.get(word, usual)
            forms[f"{word}s"] = (plural(verb), plural(other), way)
    return forms


_SAID |= _forms()
HOMOGRAPHS = frozenset(_SAID)
_VERBAL = """
    to will would can could should must may might shall do does did don't doesn't didn't won't can't
    couldn't wouldn't shouldn't cannot let's please i you we they who me him them us i'll you'll
    we'll they'll he'll she'll it'll i'd you'd we'd they'd he'd she'd
"""
_NOMINAL = """
    a an the this these those my your his its our their no any some each every another of in on at
    by for with from whose
"""
_BEFORE_VERBS, _BEFORE_OTHERS = frozenset(_VERBAL.split()), frozenset(_NOMINAL.split())
_AFTER_VERBS = frozenset(
    ("the", "a", "an", "it", "them", "him", "her", "us", "me", "my", "your", "his", "our", "their")
) | frozenset(("this", "these", "those"))
_DOING = frozenset(("do", "does", "did"))
_OF_ONE = frozenset(("he", "she", "it", "who", "which", "everyone", "everybody", "nobody"))
_BETWEEN = frozenset(("also", "always", "ever", "just", "never", "not", "often", "only", "really"))
_BEING = frozenset(
    ("am", "i'm", "is", "are", "was", "were", "be", "been", "being", "isn't", "wasn't", "go")
)
# What the words beside it tell of one word alone.
_VERB_IF_BEFORE = {
    "bow": frozenset(("before", "down", "out", "to")),
    "close": frozenset(("at", "down", "early", "for", "up")),
    "objects": frozenset(("to",)),
    "graduate": frozenset(("from", "with")),
    "lives": frozenset(("alone", "at", "by", "here", "in", "near", "next", "on", "there", "with")),
    "tear": frozenset(("apart", "down", "off", "open", "out", "through", "up")),
    "wind": frozenset(("down", "up")),
    "wound": frozenset(("around", "down", "through", "up")),
}
_OTHER_IF_BEFORE = {
    "close": frozenset(("of",)),
    "lead": frozenset(("acid", "bullet", "bullets", "paint", "pipe", "pipes", "poisoning"))
    | frozenset(("contamination", "content", "crystal", "dust", "exposure", "free", "levels"))
    | frozenset(("shot", "weight", "weights")),
    "live": frozenset(("action", "album", "audience", "band", "broadcast", "chat", "concert"))
    | frozenset(("coverage", "demo", "event", "events", "feed", "from", "music", "performance"))
    | frozenset(("performances", "recording", "show", "shows", "stream", "streaming", "streams"))
    | frozenset(("television", "tv", "t", "update", "updates", "video", "wire", "wires"))
    | frozenset(("ammunition", "animal", "animals", "bands", "births", "entertainment", "game"))
    | frozenset(("games", "sport", "sports", "theater", "theatre")),
    "minute": frozenset(("amount", "amounts", "changes", "detail", "details", "differences"))
    | frozenset(("particles", "quantities", "traces")),
    "present": frozenset(("company", "day", "tense")),
    "record": frozenset(("breaking", "company", "high", "highs", "label", "low", "lows", "store")),
    "use": frozenset(("of",)),
    "uses": frozenset(("for", "of")),
}
_VERB_IF_AFTER = {
    "bass": frozenset(("sea", "striped", "largemouth")),  # the fish, which is said as no music is
    "content": _BEING | frozenset(("feel", "feels", "felt", "quite", "so", "very")),
    "graduate": frozenset(("students",)),
    "project": frozenset(("analysts", "economists", "experts", "forecasters", "officials")),
    "suspect": frozenset(("authorities", "doctors", "experts", "investigators", "officials"))
    | frozenset(("police", "scientists")),
}
_RISEN = frozenset(("big", "fee", "huge", "large", "pay", "percent", "price", "rate", "rent"))
_RISEN |= frozenset(("sharp", "significant", "slight", "small", "steady", "tax", "temperature"))
_RISEN |= frozenset(("wage",))
_OTHER_IF_AFTER = {
    "close": _BEING | frozenset(("as", "how", "pretty", "quite", "so", "that", "too", "very")),
    "extract": frozenset(("almond", "lemon", "malt", "vanilla", "yeast")),
    "increase": _RISEN,
    "increases": _RISEN,
    "produce": frozenset(("fresh", "local", "organic", "seasonal")),
    "use": frozenset(("alcohol", "commercial", "daily", "data", "drug", "energy", "everyday"))
    | frozenset(("fair", "frequent", "general", "heavy", "home", "internet", "land", "medical"))
    | frozenset(("personal", "phone", "power", "public", "regular", "screen", "water")),
    "uses": frozenset(("common", "different", "many", "multiple", "other", "several", "various")),
    "live": _BEING | frozenset(("going", "goes", "went", "came", "streamed", "recorded")),
}
# Neither way of these is a verb's, or both are.
_NO_VERBS = frozenset(("bass", "lead", "minute", "wound", "content", "contents"))
_NONE: frozenset[str] = frozenset()


def said(word: str, before: tuple[str, str], following: str) -> str:
    """Give the symbols of one of `HOMOGRAPHS`.

    Args:
        word: in small letters.
        before: the two words before it, "" for those that a mark parts from it.
        following: the word after it, or "" where a mark or the end is.

    """
    verb, other, usual = _SAID[word]
    way = _way(word, before, following)
    return verb if (usual if way is None else way) == _VERB else other


def _is_form(word: str) -> bool:
    """Tell whether a word would be a verb of the third person: "she uses"."""
    return word[-1] == "s" and word[:-1] in _SAID


def _way(word: str, before: tuple[str, str], following: str) -> int | None:
    """Tell which way a word is said; None if nothing beside it tells."""
    earlier, last = before
    if last in _BETWEEN:
        last = earlier
    if word == "used":  # "I used to go", unlike "it is used to cut"
        return _OTHER if following == "to" and last not in _BEING else _VERB
    if word == "close" and (last == "the" or last.endswith("'s")) and following in {"", "of"}:
        return _VERB  # the end of it, "the market's close"
    if word == "close" and earlier in _DOING and not following:
        return _VERB  # "when does Target close?"
    if word == "bow" and before[1] == "a" and earlier.startswith(("take", "took", "taking")):
        return _VERB
    verbs = word not in _NO_VERBS
    telling = (
        (following in _OTHER_IF_BEFORE.get(word, _NONE), _OTHER),
        (last in _VERB_IF_AFTER.get(word, _NONE), _VERB),
        (last in _OTHER_IF_AFTER.get(word, _NONE), _OTHER),
        (last in (_OF_ONE if _is_form(word) else _BEFORE_VERBS) and verbs, _VERB),
        ((last in _BEFORE_OTHERS or last.endswith("'s")) and verbs, _OTHER),
        (following in _VERB_IF_BEFORE.get(word, _NONE), _VERB),
        (following in _AFTER_VERBS and verbs, _VERB),
    )
    return next((way for tells, way in telling if tells), None)
