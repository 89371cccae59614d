"""What the samples say: rules of an invented company, in Japanese and English."""

ARTICLES = {
    "ja": (
        "第1条（目的）この規則は、従業員の労働条件と服務規律その他の就業に関する事項を定める。",
        "第2条（労働時間）一日の労働時間は実働八時間とし、始業は午前九時、終業は午後六時、休憩は正午から一時間とする。",
        (
            "第3条（年次有給休暇）入社の日から六箇月間継続して勤務し、全労働日の八割以上出勤した者に、十日の年次有給休暇を与える。"
            "その時季は本人の請求による。ただし、事業の正常な運営を妨げる場合は、他の時季に変更することがある。"
        ),
        "第4条（退職）退職しようとする者は、少なくとも十四日前までに書面で届け出なければならない。",
        "第5条（在宅勤務）在宅勤務を希望する者は、前日の午後五時までに所属長に申請し、許可を受けるものとする。",
    ),
    "en": (
        "Article 1 (Purpose) These rules lay down working conditions, duties and all other matters of employment.",
        (
            "Article 2 (Hours) A working day has eight hours of work, from nine in the morning to six in the evening, with "
            "one hour of rest at noon."
        ),
        (
            "Article 3 (Leave) Whoever has worked for six months without interruption, and on at least eight days out of "
            "ten, is granted ten days of paid leave. The employee chooses when to take it; where that would hinder regular "
            "business, the company may ask for another time."
        ),
        "Article 4 (Leaving) Whoever intends to leave gives written notice at least fourteen days ahead.",
        "Article 5 (Remote work) Requests for remote work reach the superior by five in the afternoon of the day before.",
    ),
}
"""Running text."""

HEADING = {"ja": "就業規則（抄）", "en": "Rules of employment"}

RATES = {
    "ja": (
        ("区分", "時間帯", "割増率", "備考"),
        ("時間外勤務", "法定時間を超える勤務", "二割五分", "月六十時間まで"),
        ("時間外勤務（超過分）", "月六十時間を超える勤務", "五割", "代替休暇に替えることができる"),
        ("休日勤務", "法定休日の勤務", "三割五分", "振替休日を除く"),
        ("深夜勤務", "午後十時から午前五時まで", "二割五分", "時間外や休日と重なるときは加算する"),
        ("宿直勤務", "午後六時から翌朝九時まで", "一回六千円", "週に一回を限度とする"),
    ),
    "en": (
        ("Kind of work", "When", "Premium", "Remark"),
        ("Overtime", "beyond statutory hours", "25 per cent", "up to sixty hours a month"),
        ("Long overtime", "beyond sixty hours a month", "50 per cent", "or time off in lieu"),
        ("Holiday work", "on statutory holidays", "35 per cent", "unless a day is given in return"),
        ("Night work", "ten at night to five in the morning", "28 per cent", "added to overtime and holiday premiums"),
        ("Night watch", "six in the evening to nine", "6,000 yen a night", "once a week at most"),
    ),
}
"""A table with long cells, which a narrow column wraps."""

ALLOWANCES = {
    "ja": (
        ("等級", "役職手当", "住宅手当", "日当"),
        ("主任", "10,000円", "20,000円", "2,000円"),
        ("係長", "25,000円", "22,000円", "2,200円"),
        ("課長", "50,000円", "24,000円", "2,600円"),
        ("部長", "80,000円", "26,000円", "3,000円"),
    ),
    "en": (
        ("Grade", "Position", "Housing", "Per diem"),
        ("Senior clerk", "10,000 yen", "20,000 yen", "2,000 yen"),
        ("Section head", "25,000 yen", "22,000 yen", "2,200 yen"),
        ("Manager", "50,000 yen", "24,000 yen", "2,600 yen"),
        ("Director", "80,000 yen", "26,000 yen", "3,000 yen"),
    ),
}
"""A table with short cells."""
