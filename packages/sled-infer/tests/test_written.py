"""What newcomers write is read as they would say it: amounts, names, addresses, short forms."""

# ruff: noqa: RUF001 - dashes and Greek letters are meant

import pytest

MONEY = {
    "€5m, $5K, £10k and $1.5T": (
        "five million euro, five thousand dollars, ten thousand pounds and one point five trillion "
        "dollars"
    ),
    "a $20 bill, an $8 meal": "a twenty dollar bill, an eight dollar meal",
    "A $1.2 billion deal": "A one point two billion dollar deal",
    "$0.99 or $10-20 per hour": "ninety nine cents or ten to twenty dollars per hour",
    "-$5, US$300": "minus five dollars, three hundred U.S dollars",
    "$5/month": "five dollars per month",
    "3,50 €, €3.50, €3,50": (
        "three euros and fifty cents, three euros and fifty cents, three euros and fifty cents"
    ),
    "1.299,00 €, $1,500": (
        "one thousand two hundred ninety nine euros, one thousand five hundred dollars"
    ),
    "Rs. 2,50,000 or S$10": "two hundred fifty thousand rupees or ten Singapore dollars",
    "¥1,000, ¥500": "one thousand yen, five hundred yen",
    "$100K-$150K, Rs. 500": (
        "one hundred thousand dollars to one hundred fifty thousand dollars, five hundred rupees"
    ),
    "1 BTC = $98,432.10": (
        "one BTC equals ninety eight thousand four hundred thirty two dollars and ten cents"
    ),
    "They earn $35-40k, or €1.5–2M.": (
        "They earn thirty five to forty thousand dollars, or one point five to two million euro."
    ),
    "$2,350/mo., 2/$5": "two thousand three hundred fifty dollars per month, two for five dollars",
}
MEASURES = {
    "He is 6'2\".": "He is six foot two.",
    'a 24" monitor, 10 cm x 20 cm': (
        "a twenty four inch monitor, ten centimeters by twenty centimeters"
    ),
    "48hrs at 50 Mbps": "forty eight hours at fifty megabits per second",
    "1 TB, 20 sq ft, 10 µm": "one terabyte, twenty square feet, ten micrometers",
    "a 12V DC supply, 230 VAC": "a twelve volts DC supply, two hundred thirty volts AC",
    "1.5M views": "one point five million views",
    "1 in 5 people": "one in five people",
    "9.8 m/s²": "nine point eight meters per second squared",
    "a 79.8 m wingspan": "a seventy nine point eight meter wingspan",
    "a 15 min walk, a 10-15 min. nap, a 5 km run": (
        "a fifteen minute walk, a ten to fifteen minute nap, a five kilometer run"
    ),
    "in 15 min it was 5 km away": "in fifteen minutes it was five kilometers away",
    "1080p at 60 fps, 720p": "ten eighty P at sixty frames per second, seven twenty P",
    "2x4s, a 2x4": "two by four's, a two by four",
    "a 14.5-oz can, a 6-ft pole": "a fourteen point five ounce can, a six foot pole",
    "2 c. water, 1 T. oil": "two cups water, one tablespoon oil",
    "32 psi, 25 bps, 2 sq. mi. of land": (
        "thirty two pounds per square inch, twenty five basis points, two square miles of land"
    ),
    "6 mos. at 1.5x speed": "six months at one point five x speed",
    "a 10-oz. pkg. of peas, 2 doz. eggs": "a ten ounce package of peas, two dozen eggs",
    "8 fl oz, 40 dB, 5 m^2": "eight fluid ounces, forty decibels, five square meters",
    "2 qts, 5 km/s, a 5yo": "two quarts, five kilometers per second, a five year old",
    "3M sold 5M": "three M sold five million",
    "1h 15m, 5m 30s": "one hour fifteen minutes, five minutes thirty seconds",
    "180C/350F/gas mark 4": (
        "one hundred and eighty degrees Celsius, three hundred and fifty degrees Fahrenheit, "
        "gas mark four"
    ),
    "1.2K likes, 8GB/256GB, a 2.0T": (
        "one point two thousand likes, eight gigabytes, two hundred and fifty six gigabytes, "
        "a two point zero T"
    ),
    "a 900-sq.-ft. house, 5 mg/mL": (
        "a nine hundred square foot house, five milligrams per milliliter"
    ),
}
NUMBERS = {
    "2-3 weeks, 9am-5pm": "two to three weeks, nine A M to five P M",
    "a 3-2 win, a 50/50 chance": "a three to two win, a fifty fifty chance",
    "ratio of 16:9": "ratio of sixteen to nine",
    "1 000 000 or 1'000": "one million or one thousand",
    "agent 007": "agent zero zero seven",
    "Beverly Hills, CA 90210": "Beverly Hills, California nine zero two one zero",
    "call 911": "call nine one one",
    "a 5K in 24:35, 33:07": "a five K in twenty four thirty five, thirty three oh seven",
    "$9.99 ea., Acct. #12": ("nine dollars and ninety nine cents each, Account number twelve"),
    "area code 415, code 404": "area code four one five, code four oh four",
    "617-555-0123 x7": "six one seven five five five zero one two three extension seven",
    "a 747, a USB-C 3.2 port": "a seven forty seven, a USB C three point two port",
    "ver. 2.0, see ch. IV": "version two point oh, see chapter four",
    "in N. Ireland, John S. Wales": "in North Ireland, John S Wales",
    "winds at 15 kts": "winds at fifteen knots",
    "call 020 7946 0958": "call zero two zero seven nine four six zero nine five eight",
    "Section 3.2.1": "section three point two point one",
    "3×10^8, class of '05": ("three times ten to the power of eight, class of oh five"),
    "$5 (+40%)": "five dollars (plus forty percent)",
    "the A380, a 401(k), 501(c)(3)": ("the A three eighty, a four oh one K, five oh one C three"),
    "a scale of 1:10,000, x^2": "a scale of one to ten thousand, x squared",
    "the 49ers, a Boeing 737-800": (
        "the forty-niners, a Boeing seven thirty seven dash eight hundred"
    ),
    "10^-3, 6.02e23": (
        "ten to the power of minus three, six point zero two times ten to the power of twenty three"
    ),
    "√2 ≠ π": "square root of two does not equal pi",
    "an F-16 on I-95": "an F sixteen on I ninety five",
    "10%-15% of 500-1000 people": "ten to fifteen percent of five hundred to one thousand people",
    "5-3=2, 3 x 4 = 12, 12 / 4 = 3": (
        "five minus three equals two, three times four equals twelve, "
        "twelve divided by four equals three"
    ),
    "lost 5-4 in 10 innings": "lost five to four in ten innings",
    "x != 3 && y >= 4": "x is not equal to three and y greater than or equal to four",
    "two 747s, F-16s, PS5s, 10s of us": "two seven forty-sevens, F sixteens, PS fives, tens of us",
    "John 3:16, Ps. 23:4, Luke 2:1-20": (
        "John three sixteen, Psalm twenty three, verse four, Luke two, verses one to twenty"
    ),
    "+5% on v2.0-beta": "plus five percent on version two dot zero beta",
    "6.02 x 10^23": "six point zero two times ten to the power of twenty three",
    "0-60 in 3.2 sec": "zero to sixty in three point two seconds",
    "version 3 in /usr": "version three in slash usr",
    "commit ef4376355161c": "commit ef four three seven six three five five one six one c",
    "Sec. 2.1, Fig. 3.4": "section two point one, figure three point four",
    "1.000.000": "one million",
    "1 234,5 or 1.234,56": (
        "one thousand two hundred thirty four point five or "
        "one thousand two hundred thirty four point five six"
    ),
    "1,5 million, 2,5 %, chapters 1,2 and 3": (
        "one point five million, two point five percent, chapters one, two and three"
    ),
    "an RTX 4090, RFC 2616": "an RTX forty ninety, R F C two six sixteen",
    "a 2BR/1BA flat, a 3BR house": "a two bedroom, one bath flat, a three bedroom house",
    "2.5MPa and 1.10rc1": "two point five MPa and one point one zero rc one",
    "2,000,000 + 3, 2+2=4": "two million plus three, two plus two equals four",
    "won 21-14 in OT": "won twenty-one to fourteen in OT",
    "hit .305 in 1998 and 2.5 in 2001": (
        "hit point three zero five in nineteen ninety eight and two point five in two thousand one"
    ),
    "sold 103 in May, 12 in London, 7 in all": (
        "sold one hundred three in May, twelve in London, seven in all"
    ),
    "a plank 5.5 in wide": "a plank five point five inches wide",
}
NAMES = {
    "World War I and WWII": "World War one and World War two",
    "parts I and II, Phases I-III": "parts one and two, Phases one to three",
    "His $3 million home, a new $50 car": "His three million dollar home, a new fifty dollar car",
    "Two $20 bills. I gave her $9 then.": "Two twenty dollar bills. I gave her nine dollars then.",
    "A 60W bulb, the 200m butterfly": "A sixty watt bulb, the two hundred meter butterfly",
    "We ran the 5 km to school.": "We ran the five kilometers to school.",
    "10m people, 3bn people, 10m long": "ten million people, three billion people, ten meters long",
    "It is +5, not ≈ 3.": "It is plus five, not about three.",
    "Bake 30 min. Let it cool.": "Bake thirty minutes. Let it cool.",
    'A 12" pizza, 5.5" long': "A twelve inch pizza, five point five inches long",
    "Call (212)555-0123.": "Call two one two five five five zero one two three.",
    "Chicago, IL is windy. Portland, OR.": "Chicago, Illinois is windy. Portland, Oregon.",
    "Ask Bob, ME too.": "Ask Bob, ME too.",
    "30x20x10 cm": "thirty by twenty by ten centimeters",
    "Love you <3. Press # now.": "Love you. Press pound now.",
    "Warner Bros. made it, aka the studio.": "Warner Brothers made it, also known as the studio.",
    "c u soon, ur late": "c you soon, your late",
    "512 in config.yaml": "five hundred twelve in config dot yaml",
    "Classes I and II, appendices I-IV": "Classes one and two, appendices one to four",
    "Chapters IV and V, books I, II and III": "Chapters four and five, books one, two and three",
    "The parts I need, the wars I and Vera saw": "The parts I need, the wars I and Vera saw",
    "Louis XIV, King Charles I": "Louis the fourteenth, King Charles the first",
    "Henry I think is late.": "Henry I think is late.",
    "10 Downing Street": "ten Downing Street",
    "winds 20 km/h NW": "winds twenty kilometers per hour Northwest",
    "221B Baker St. She left.": "two hundred twenty one B Baker Street. She left.",
    "George W. Bush, Dr. Dre": "George W Bush, Doctor Dre",
    "St John, Mount St. Helens": "Saint John, Mount Saint Helens",
    "Gov. Brown, pp. 3–7, p. 45": "Governor Brown, pages three to seven, page forty five",
    "red vs blue w/o end and/or": "red versus blue without end and or",
    "AT&T, R&D": "A.T and T, R and D",
    "AI and the CEO": "AI and the C E O",
    "a PhD, MSc at AT&T": "a PhD, MSc at A.T and T",
    "TCP/IP": "TCP IP",
    "C++, C# and an A+": "C plus plus, C sharp and an A-plus",
    "α-helix, Ωμέγα": "alpha-helix, Ωμέγα",
    "5th Ave & 42nd St": "fifth Avenue and forty second Street",
    "45 W 34th St, Exit 12B on I-95 N": (
        "forty five West thirty fourth Street, Exit twelve B on I ninety five North"
    ),
    "1600 Pennsylvania Ave NW, Rm 204": (
        "sixteen hundred Pennsylvania Avenue Northwest, Room two hundred four"
    ),
    "W. Main St., Rt. 66, Apt #5": "West Main Street, Route sixty six, Apartment five",
}
ADDRESSES = {
    "See https://www.example.com/a-b?q=1.": (
        "See www dot example dot com slash a dash b question mark q equals one."
    ),
    "example.co.uk, bob@example.com": ("example dot co dot uk, bob at example dot com"),
    "README.md, data.tar.gz, .NET": "README dot md, data dot tar dot gz, dot NET",
    "home.Then": "home.Then",
    "the [link](http://x.com) <b>bold</b> ~~no~~ &amp; **so**": "the [link] bold no and so",
    "## Head": "Head",
    "> quoted": "quoted",
    "File -> Save": "File to Save",
    "~/.bashrc, C:\\Users\\bob": ("tilde slash dot bashrc, C colon backslash Users backslash bob"),
    "#winning at #2": "hashtag winning at number two",
    'in "~/.vimrc" or (./run.sh)': ('in "tilde slash dot vimrc" or (dot slash run dot sh)'),
    "Title =====": "Title",
}
FRACTIONS = {
    "1/4": "one quarter",
    "3/4 cup, 1/2 cup": "three quarters cup, one half cup",
    "1/2 + 1/4 = 3/4": "one half plus one quarter equals three quarters",
    "It is 1/2.": "It is one half.",
    "a 1/4 of them, 1/2 an hour": "a quarter of them, half an hour",
    "½ tsp, 1½ cups": "one half teaspoon, one and a half cups",
    "1 1/2 lb, 2-3/4 oz, 1 1/8 in. wide": (
        "one and a half pounds, two and three quarters ounces, one and an eighth inches wide"
    ),
    '5/8" of 7/8 inch': "five eighths inch of seven eighths inch",
    "2/3 of 3/16": "two thirds of three sixteenths",
    "10/10, 4.5/5, 4/5 stars, 85/100": (
        "ten out of ten, four point five out of five, four out of five stars, "
        "eighty five out of one hundred"
    ),
    "3/4 time": "three four time",
    "on 1/4, since 9/1": "on January fourth, since September first",
    "fell by 1/4, due by 12/25": "fell by one quarter, due by December twenty fifth",
    "80/20, lap 45/57": "eighty twenty, lap forty five out of fifty seven",
    "1/2 c. sugar": "one half cup sugar",
    "1/250s at f/2.8, 1/60 sec": (
        "one two hundred fiftieth of a second at f two point eight, one sixtieth of a second"
    ),
    "1/8th of it, 3/8ths": "one eighth of it, three eighths",
    "a GPA of 3.9/4.0": "a GPA of three point nine out of four point zero",
}
DIALLED = {
    "1-800-FLOWERS": "one eight hundred flowers",
    "1-800-555-0199, 1-888-GO-FEDEX": (
        "one eight hundred five five five zero one nine nine, one eight eight eight go fedex"
    ),
    "Tel. 555-1234 ext. 12": "Telephone five five five one two three four extension twelve",
    "+1 (555) 010-9999, (555)010-9999": (
        "plus one five five five zero one zero nine nine nine nine, "
        "five five five zero one zero nine nine nine nine"
    ),
    "(212) 555-0187": "two one two five five five zero one eight seven",
    "Flight BA2490 leaves": "Flight B A two four nine zero leaves",
    "HTTP 404, error 503": "HTTP four oh four, error five oh three",
    "Your code is 482913": "Your code is four eight two nine one three",
    "call 5551234567": "call five five five one two three four five six seven",
    "SSN 123-45-6789": "SSN one two three, four five, six seven eight nine",
    "call 9-1-1": "call nine one one",
}
SHORTHAND = {
    "eg this, ie that": "for example this, that is that",
    "e.g. this, i.e. that": "for example this, that is that",
    "e.g this, eg. that, ie. it (i.e., so)": (
        "for example this, for example that, that is it (that is, so)"
    ),
    "Thx! Pls call b4 3": "Thanks! Please call before three",
    "omg that's gr8, idk": "oh my god that's great, I don't know",
    "he/she and his/her": "he or she and his or her",
    "P.S. up 8% YoY": "P S, up eight percent year over year",
    "Settings > Privacy > Location Services > Maps": ("Settings, Privacy, Location Services, Maps"),
    "a 5* hotel": "a five star hotel",
    "I <3 you, nvm, w8": "I love you, never mind, wait",
    "Vol. III, Dear Sir/Madam": "Volume three, Dear Sir or Madam",
    "Act III, Sc. ii, Op. 9": "Act three, Scene two, Opus nine",
    "pkg-config and pkg.sub": "pkg-config and pkg.sub",
    "up 3% QoQ, press Ctrl+C": ("up three percent quarter over quarter, press Control plus c"),
    "up 5% y/y, 4 avg., tax incl.": "up five percent year over year, four average, tax included",
}
LABELS = {
    "See Figure 5c, Fig. 2f, section 3c": "See Figure five c, Figure two f, section three c",
    "gate 12C, row 5, seat 14F, step 2a.": "gate twelve C, row five, seat fourteen F, step two A.",
    "exercise 7m, option 2g of it": "exercise seven m, option two g of it",
    "a section 5m long, item 3 kg, 30C": (
        "a section five meters long, item three kilograms, thirty degrees Celsius"
    ),
    "an iPhone 5c, for 50c, 70f, 20°c": (
        "an iPhone five c, for fifty c, seventy f, twenty degrees Celsius"
    ),
    "It is 5c.": "It is five c.",
    "the option 100m, room 204b": "the option one hundred meters, room two hundred four b",
}
POWERS = {
    "10⁶, 10⁻³, x⁴, 2ⁿ and s⁻¹": (
        "ten to the power of six, ten to the power of minus three, x to the power of four, "
        "two to the power of n and s to the power of minus one"
    ),
    "3×10⁸ m/s, 6×10²³, xⁿ⁺¹": (
        "three times ten to the power of eight meters per second, "
        "six times ten to the power of twenty three, x to the power of n plus one"
    ),
    "in kg/m³, 5 m³, m/s": "in kilograms per cubic meter, five cubic meters, meters per second",
    "x², (a+b)², CO₂, a note⁴": "x squared, (a plus b) squared, C O two, a note four",
}
VARIOUS = {
    "$5-a-day, a $5-a-day pass": "five dollars a day, a five dollar a day pass",
    "4GB/s, 5 Mb/s": "four gigabytes per second, five megabits per second",
    "I, II, and III; XX, XXX": "one, two, and three; XX, XXX",
    "MMXXIV, MDMA": "twenty twenty four, MDMA",
    "Part III. Then it ends": "Part three. Then it ends",
    "550e8400-e29b-41d4-a716-446655440000": (
        "five five zero E eight four zero zero, E two nine B, four one D four, A seven one six, "
        "four four six six five five four four zero zero zero zero"
    ),
    "Ms. Smith": "Ms Smith",
}
STARS = {
    "I read *Dune* last year, and it is *not* a game": (
        "I read Dune last year, and it is not a game"
    ),
    "Buy: * milk * eggs * 2 apples": "Buy: milk eggs two apples",
    "*so it goes*, ***both*** (*in 1990*) a footnote* here": (
        "so it goes, both (in nineteen ninety) a footnote here"
    ),
    "3 * 4, 2*3, x * y, a*b and 10 kg * 9.8": (
        "three times four, two times three, x times y, a times b and ten k g times nine point eight"
    ),
}
READ = VARIOUS | LABELS | POWERS | STARS | MONEY | MEASURES | NUMBERS | NAMES | ADDRESSES
READ |= FRACTIONS | DIALLED | SHORTHAND


@pytest.mark.parametrize(("written", "spoken"), READ.items())
def test_what_is_written_is_read_as_it_is_said(check_reading, written, spoken):
    check_reading(written, spoken)
