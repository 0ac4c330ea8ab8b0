"""Whether "read" has happened: told by the words around it, of which some must be waited for."""

import re

import pytest
from sled_infer._tense import MOST_AFTER, Tense

PAST = [
    "I read it yesterday.",
    "I have read it.",
    "Last night she read a book.",
    "He read it last week.",
    "She read it aloud.",
    "I read that the war was over.",
    "He read out the names.",
    "Have you read it?",
    "I've read this.",
    "When I read your letter, I cried.",
    "to be read aloud",
    "a well-read man",
    "We read it in school yesterday.",
    "I read about it in the paper.",
    "I read somewhere that cats sleep all day.",
    "Mary read the letter aloud.",
    "The teacher read the names.",
    "The sign read: No entry.",
    'a sign that read "Keep out"',
    "Has your mother read it?",
    "What have you read lately?",
    "He sat down and read the paper.",
    "She opened it and read the first line.",
    "I already read that.",
    "You've read it, haven't you?",
    "I'd already read it.",
    "He said he'd read it.",
    "It was read by millions.",
    "They read the will last week.",
    "Nobody read it.",
    "Have you ever read War and Peace?",
    "The book I read was good.",
    "the best book I read this year",
    "John read us a story.",
    "I just read your email.",
    "We haven't read it.",
    "I read an article about whales.",
    "My father read to me when I was young.",
    "Those who read it liked it.",
    "She once read a whole book in a day.",
    "She read.",
    "As I read the letter, my hands shook.",
    "Then he read it.",
    "Three days ago I read your post.",
]
PROSE = [
    "Oswald read the letter, but refused to believe it.",
    "He studied the language, read a newspaper and seemed interested.",
    "The note read as follows: one.",
    "He loitered in the garage next door, where he read magazines.",
    "It listed Nineteen Eighty-Four, which Thornley read at his suggestion.",
    "I hope that you have re-read the Constitution.",
    "When the indictment was read, he laughed.",
]
PRESENT = [
    "I hope that you re-read the Constitution every year.",
    'An object\'s "read" or "write" is slow.',
    "Tables are computed when you read them.",
    "The number of read samples grew.",
    "The two read a message from it.",
    "Did you read it?",
    "I will read it.",
    "They read the news every day.",
    "I read a lot.",
    "Read it now!",
    "You should read more.",
    "I can't read it",
    "Please read the manual.",
    "I want to read.",
    "She likes to read.",
    "I read books.",
    "I often read in bed.",
    "We read every night.",
    "Let me read it to you.",
    "Let him read it.",
    "He made her read the letter.",
    "Students read the news.",
    "It is a good read.",
    "a must read for all",
    "Why did Tom read it?",
    "What do you read?",
    "Do people still read?",
    "Sit down and read the paper.",
    "I like to sit and read.",
    "I'd read it if I had time.",
    "I'd rather read.",
    "Read more about it here.",
    "Click Read More to go on.",
    "If you read this, call me.",
    "How to read a map",
    "You read too much.",
    "I can read and write.",
    "Children read to learn.",
    "I read and write every day.",
    "She can read.",
    "They don't read.",
    "Does anyone read these?",
    "Read carefully: it matters.",
    "When you read it, call me.",
    "People who read live longer.",
    "I need to read.",
    "I'll read it tomorrow.",
    "I read the newspaper every morning.",
    "I'm going to read.",
    "I like what I read.",
]


def passed(text):
    return Tense().push(text.split(), final=True)


@pytest.mark.parametrize("text", [*PAST, *PROSE])
def test_what_has_been_read_is_red(text):
    assert passed(text) == re.sub(r"\bread\b", "red", text, count=1).split()


@pytest.mark.parametrize("text", PRESENT)
def test_what_is_read_now_and_then_is_not(text):
    assert passed(text) == text.split()


@pytest.mark.parametrize("text", [*PAST, *PROSE, *PRESENT, " ".join([*PAST, *PRESENT])])
def test_word_by_word_it_is_told_as_in_the_whole(text):
    tense = Tense()
    certain = [each for word in text.split() for each in tense.push([word])]
    assert [*certain, *tense.push([], final=True)] == passed(text)


def test_only_as_much_is_waited_for_as_may_tell():
    tense = Tense()
    assert tense.push(["She", "read", "I"]) == ["She", "red", "I"]
    assert tense.push(["read", "it", "yesterday"]) == ["red", "it", "yesterday"]
    assert tense.push(["so", "I", "read"]) == ["so", "I", "red"]
    assert tense.push(["now.", "I", "read"]) == ["now.", "I"]
    assert tense.push(["on"] * (MOST_AFTER - 1)) == []
    assert tense.waiting == ["read", *["on"] * (MOST_AFTER - 1)]
    assert tense.push(["and"]) == ["read", *["on"] * (MOST_AFTER - 1), "and"]
