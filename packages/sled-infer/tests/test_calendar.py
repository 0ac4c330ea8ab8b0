"""Days, dates and times are read as they are said."""

# ruff: noqa: RUF001 - dashes are meant

import pytest

DATES = {
    "in the mid-1980s": "in the mid nineteen eighties",
    "the 1850s-1870s": "the eighteen fifties to eighteen seventies",
    "in her 30s": "in her thirties",
    "1939–45": "nineteen thirty nine to forty five",
    "9/11": "nine eleven",
    "Mon-Fri, Jan 2020": "Monday to Friday, January twenty twenty",
    "He left at 5 p.m. She stayed.": "He left at five P M. She stayed.",
    "the 21st c. so far": "the twenty first century so far",
    "23/11/26": "the twenty third of November twenty twenty six",
    "Q3'24": "Q three twenty four",
    "the '00s, the 3rd ed.": "the two thousands, the third edition",
    "Q1-Q3, 18-24-year-olds": "Q one to Q three, eighteen to twenty four-year-olds",
    "APR 4.9%, Apr. 4": "A P R four point nine percent, April fourth",
    "in the 1400s, 1500s art, the 900s": (
        "in the fourteen hundreds, fifteen hundreds art, the nine hundreds"
    ),
    "the 2020/21 season, 2008/09": (
        "the twenty twenty twenty-one season, two thousand eight oh nine"
    ),
    "Acme, est. 1990, est. 1990 people": (
        "Acme, established nineteen ninety, estimated nineteen ninety people"
    ),
    "early-1600s and 1700s-era": "early sixteen hundreds and seventeen hundreds-era",
    "70s and 80s music, a 90s kid, a 70s-style sofa, an 80s thing": (
        "seventies and eighties music, a nineties kid, a seventies-style sofa, an eighties thing"
    ),
    "took 45s to load, in 30s, wait 20s": (
        "took forty five seconds to load, in thirty seconds, wait twenty seconds"
    ),
}
CALENDAR = {
    "Mon.-Fri. 9-5": "Monday to Friday nine to five",
    "Mon-Fri, Sat 10-2": "Monday to Friday, Saturday ten to two",
    "Mon - Fri": "Monday to Friday",
    "Jan.-Mar. 2024": "January to March twenty twenty four",
    "Monday-Friday, May-June": "Monday to Friday, May to June",
    "Mon/Wed/Fri": "Monday, Wednesday, Friday",
    "Tue & Thu, Sat. and Sun.": "Tuesday and Thursday, Saturday and Sunday.",
    "He left on Fri. She stayed.": "He left on Friday. She stayed.",
    "May 10-12, May 10–12, 2026": ("May tenth to twelfth, May tenth to twelfth, twenty twenty six"),
    "10-12 May, Dec 31-Jan 2": (
        "the tenth to the twelfth of May, December thirty first to January second"
    ),
    "in Feb we met": "in February we met",
    "Jan sat in the sun.": "Jan sat in the sun.",
    "Sun./Mon. only": "Sunday, Monday only",
    "2013 Jan Janssen": "twenty thirteen Jan Janssen",
    "M-F, Sat night": "Monday to Friday, Saturday night",
}
TIMES = {
    "20:00": "twenty hundred",
    "at 20:00 hours, 18:43": "at twenty hundred hours, eighteen forty three",
    "00:30, 00:05, 00:00": "zero zero thirty, zero zero oh five, midnight",
    "9:00-17:00": "nine o'clock to seventeen hundred",
    "2026-11-23T18:43": "November twenty third twenty twenty six at eighteen forty three",
    "2026-11-23 18:43:21": (
        "November twenty third twenty twenty six at eighteen forty three and twenty one seconds"
    ),
    "2026-11-23T18:00:00Z": "November twenty third twenty twenty six at eighteen hundred U T C",
    "2026-11-23T09:05:01.5+05:30": (
        "November twenty third twenty twenty six at nine oh five and one point five seconds "
        "U T C plus five thirty"
    ),
    "2:30 PM–3:15 PM": "two thirty P M to three fifteen P M",
    "Thu 12/5, open 24-7": "Thursday December fifth, open twenty-four seven",
    "noon-1pm, 7am-5pm daily": "noon to one P M, seven A M to five P M daily",
    "in 1:52.85": "in one fifty two point eight five",
    "0600 hrs, 0630 hours": "zero six hundred hours, zero six thirty hours",
    "1970-01-01T00:00Z": "January first nineteen seventy at midnight U T C",
    "6:05a, 2:40p, 18h30": "six oh five A M, two forty P M, eighteen thirty",
    "6:43:21 PM": "six forty three P M and twenty one seconds",
}


@pytest.mark.parametrize(("written", "spoken"), (DATES | CALENDAR | TIMES).items())
def test_dates_and_times_are_read_as_they_are_said(check_reading, written, spoken):
    check_reading(written, spoken)
