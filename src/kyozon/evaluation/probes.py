"""A handful of questions whose answers a program can check: a first look at a model of which nothing is known.

They are public and hold nobody's data. English and Japanese, from easy to hard: sums, choices, extraction, what a program
prints, and answers of an exact form.
"""

from typing import Final

from kyozon.evaluation.grading import Kind, Probe

_NUMBER = "\nGive the number alone on the last line."
_LETTER = "\nGive the letter alone on the last line."
_PRINTS = "What does this Python program print? Give what it prints, and nothing else, on the last line.\n\n"
_JSON = "\nAnswer with JSON alone."
_NUMBER_JA = "\n最後の行に数だけを書いてください。"
_LETTER_JA = "\n最後の行に記号だけを書いてください。"
_JSON_JA = "\nJSON だけで答えてください。"


def _of(kind: Kind, *pairs: tuple[str, str]) -> tuple[Probe, ...]:
    return tuple(Probe(kind, text, answer) for text, answer in pairs)


SUMS: Final = _of(
    "number",
    ("A box holds 8 rows of 7 eggs. How many eggs are in it?" + _NUMBER, "56"),
    ("What is 23 times 47?" + _NUMBER, "1081"),
    ("Mia has 45 stickers. She gives away two fifths of them, and then 9 more. How many are left?" + _NUMBER, "18"),
    (
        "A jacket costs 120 dollars. It is reduced by 20 %, and the reduced price by another 25 %. How many dollars does "
        "it cost then?" + _NUMBER,
        "72",
    ),
    (
        "A train leaves at 09:40 and arrives at 11:20 the same morning, at a mean speed of 90 kilometres an hour. How many "
        "kilometres did it travel?" + _NUMBER,
        "150",
    ),
    (
        "Two pumps fill a tank together in 4 hours. One of them alone needs 6 hours. How many hours does the other one "
        "alone need?" + _NUMBER,
        "12",
    ),
    ("How many whole numbers from 1 to 500 are divisible by 3 or by 5?" + _NUMBER, "233"),
    (
        "Screws are sold in boxes of 6, 9 or 20 that are not opened. What is the largest number of screws that cannot be "
        "bought exactly?" + _NUMBER,
        "43",
    ),
    ("1 個 80 円のりんごを 3 個買い、500 円を出しました。おつりは何円ですか。" + _NUMBER_JA, "260"),
    ("生徒 40 人のうち 10 % が欠席し、残りの 4 分の 1 が早退しました。最後まで残った生徒は何人ですか。" + _NUMBER_JA, "27"),
    ("父は 41 歳、娘は 9 歳です。父の年齢が娘の年齢のちょうど 2 倍になるのは何年後ですか。" + _NUMBER_JA, "23"),
    (
        "5 人から委員長、副委員長、書記を 1 人ずつ選びます。ある 1 人は委員長にも副委員長にもなれません。"
        "選び方は何通りですか。" + _NUMBER_JA,
        "36",
    ),
)

CHOICES: Final = _of(
    "choice",
    ("Which of these is a gas at room temperature?\nA. iron\nB. mercury\nC. argon\nD. sulphur" + _LETTER, "C"),
    ("Which word is a synonym of 'scarce'?\nA. rare\nB. frightened\nC. rough\nD. plentiful" + _LETTER, "A"),
    (
        "All dax are fep. No fep is a wug. Which of these must be true?\nA. Some dax are wug.\nB. No dax is a wug.\n"
        "C. All fep are dax.\nD. All wug are dax." + _LETTER,
        "B",
    ),
    (
        "A fair coin has come up heads five times in a row. What is the probability that the next throw comes up heads?\n"
        "A. 1/64\nB. 1/32\nC. 1/2\nD. 5/6" + _LETTER,
        "C",
    ),
    (
        "A test finds a disease in 99 % of those who have it, and wrongly in 5 % of those who do not. One person in a "
        "thousand has it. About how likely does somebody have it whose test is positive?\nA. 2 %\nB. 19 %\nC. 50 %\n"
        "D. 95 %" + _LETTER,
        "A",
    ),
    (
        "What is the worst-case number of comparisons of a search by halves in a sorted list of 1,000 entries, about?\n"
        "A. 3\nB. 10\nC. 100\nD. 500\nE. 1,000" + _LETTER,
        "B",
    ),
    (
        "The concentration of hydrogen ions in a solution rises a hundredfold. How does its pH change?\nA. It rises by 2.\n"
        "B. It falls by 2.\nC. It rises by 100.\nD. It falls to a hundredth.\nE. It stays the same." + _LETTER,
        "B",
    ),
    ("次のうち、県庁所在地が県名と異なるのはどれですか。\nA. 福岡県\nB. 愛媛県\nC. 秋田県\nD. 山口県" + _LETTER_JA, "B"),
    (
        "「彼の説明は要領を得ない」の意味に最も近いものはどれですか。\nA. 短くて良い\nB. 要点がはっきりしない\n"
        "C. 専門的すぎる\nD. 失礼である" + _LETTER_JA,
        "B",
    ),
    (
        "部長が来客に社内の者の不在を伝えるとき、最も適切な言い方はどれですか。\nA. 田中さんはいらっしゃいません。\n"
        "B. 田中はただいま席を外しております。\nC. 田中様はお休みになられています。\n"
        "D. 田中はおりませんでいらっしゃいます。" + _LETTER_JA,
        "B",
    ),
)

EXTRACTIONS: Final = _of(
    "json",
    (
        "Order 7731 of 3 May: 4 lamps at 19.50 each, for Ms Ito in Osaka.\nGive order (a number), items (a number) and "
        "city (a string) as an object." + _JSON,
        '{"order": 7731, "items": 4, "city": "Osaka"}',
    ),
    (
        "Ann is older than Bo. Cy is younger than Bo. Di is older than Ann.\nGive the names as an array, the oldest "
        "first." + _JSON,
        '["Di", "Ann", "Bo", "Cy"]',
    ),
    (
        "The meeting was set for 10:00 on Tuesday. It was moved to Wednesday at the same time, then half an hour later.\n"
        'Give day and time (as "HH:MM") of the meeting as an object.' + _JSON,
        '{"day": "Wednesday", "time": "10:30"}',
    ),
    (
        "Sales by month: January 120, February 95, March 180, April 95, May 130.\nGive as an object: best (the month), "
        "total (a number), and low (the months of the least sales, as an array in order)." + _JSON,
        '{"best": "March", "total": 620, "low": ["February", "April"]}',
    ),
    (
        "佐藤花子（営業部、内線 204）から、木曜の会議を金曜 15 時に変えたいと連絡がありました。\n"
        "name・department・extension（数）・day（曜日を 1 文字）をキーとするオブジェクトにしてください。" + _JSON_JA,
        '{"name": "佐藤花子", "department": "営業部", "extension": 204, "day": "金"}',
    ),
    (
        "売上は A 店が 120 万円、B 店がその 1.5 倍、C 店は A 店と B 店の差と同じでした。\n"
        "店名（A、B、C）をキー、万円単位の数を値とするオブジェクトにしてください。" + _JSON_JA,
        '{"A": 120, "B": 180, "C": 60}',
    ),
)

PROGRAMS: Final = _of(
    "exact",
    (_PRINTS + "print(sum(n for n in range(10) if n % 3 == 0))", "18"),
    (_PRINTS + "word = 'lantern'\nprint(word[::-2])", "nenl"),
    (_PRINTS + "a = [1, 2, 3]\nb = a\nb.append(4)\nprint(len(a), a is b)", "4 True"),
    (_PRINTS + "def f(n):\n    return n if n < 2 else f(n - 1) + 2 * f(n - 2)\n\nprint(f(7))", "43"),
    (
        _PRINTS + "found = {}\nfor letter in 'mississippi':\n    found[letter] = found.get(letter, 0) + 1\n"
        "print(sorted(found.items(), key=lambda pair: (pair[1], pair[0]))[1])",
        "('p', 2)",
    ),
    (
        _PRINTS + "x = 5\ndef g():\n    x = 1\n    def h():\n        nonlocal x\n        x += 2\n        return x\n"
        "    return h() + h()\nprint(g() + x)",
        "13",
    ),
)

FORMS: Final = _of(
    "exact",
    ("Write the word 'harbour' in capital letters, and nothing else.", "HARBOUR"),
    ("Write the numbers from 5 down to 1, separated by single hyphens, and nothing else.", "5-4-3-2-1"),
    (
        "Sort by alphabet and write on one line, separated by commas without spaces: quince, apple, fig, date",
        "apple,date,fig,quince",
    ),
    ("Write the third word of this sentence backwards, and nothing else.", "driht"),
    ("「りんご」をカタカナで書いてください。それ以外は何も書かないでください。", "リンゴ"),
    (
        "五十音順に並べ、読点（、）で区切って 1 行だけで書いてください。\nさくら、いぬ、たまご、うみ",
        "いぬ、うみ、さくら、たまご",
    ),
)

KINDS: Final = {"sums": SUMS, "choices": CHOICES, "extractions": EXTRACTIONS, "programs": PROGRAMS, "forms": FORMS}
PROBES: Final = tuple(probe for probes in KINDS.values() for probe in probes)
