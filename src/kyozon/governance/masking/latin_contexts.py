"""What stands around the names of persons in Latin letters, and around names of other things."""

import re

from kyozon.governance.masking.contexts import label

_UPPER, _LOWER = "A-ZÀ-ÖØ-ÞĀČĎĐĒĘĚĞĪŁŃŇŌŐŘŚŠŤŪŮŰŹŻŽ", "a-zß-öø-ÿāăąćčďđēęěğīıłńňōőœřśşšťūůűźżžơư"
WORD = (
    rf"(?:[{_UPPER}][{_LOWER}]+(?:['’-](?!s(?![{_LOWER}]))[{_UPPER}]?[{_LOWER}]+)?|[{_UPPER}]{{2,}}(?:['-][{_UPPER}]+)?|"
    rf"O['’][{_UPPER}][{_LOWER}]+|Mc[{_UPPER}][{_LOWER}]+|Mac[{_UPPER}][{_LOWER}]+|De[{_UPPER}][{_LOWER}]+)"
)
LINKED = r"(?:(?:van|von|der|den|de|del|della|di|da|dos|du|la|le|bin|ibn|binti|al|el|ter|zu|y) ){0,3}"
"""The small words between the names of some families."""

_STRONG = (
    r"Mr|Mrs|Ms|Miss|Dr|Prof|Professor|Doctor|Sir|Madam|Mx|Mme|Messrs|Herr|Frau|Señor|Señora|Sra|Sgt|Rev|Hon|Capt|Lt|Cllr"
)
_WEAK = (
    r"Judge|Justice|Officer|Detective|Sergeant|Lieutenant|Captain|Col|Colonel|Nurse|Attorney|Senator|Sen|Representative|"
    r"Congressman|Congresswoman|Governor|Gov|Mayor|President|Chancellor|Minister|Reverend|Father|Sister|Brother|Coach|"
    r"Principal|Aunt|Uncle|Auntie|Lady|Lord|Inspector|Constable|Agent|Dame|Grandma|Grandpa|Patient|Pt|Client|Customer|"
    r"Doctor|"
    r"Counselor|Chef|Director|Manager|Secretary|Ambassador|Deputy|Witness|Plaintiff|Defendant|Employee|Student|Tenant|Guest"
)
_KIN = (
    r"husband|wife|spouse|son|daughter|brother|sister|mother|father|mom|dad|friend|colleague|coworker|neighbou?r|boss|"
    r"fianc[eé]e?|uncle|aunt|cousin|nephew|niece|grand(?:mother|father|son|daughter)|roommate|girlfriend|boyfriend"
)
_NAME = rf"(?:{WORD})(?: (?:[A-Z]\. )?{LINKED}(?:{WORD}))?"
TITLED = re.compile(rf"\b(?:{_STRONG})\.? (?P<name>{_NAME})")
TITLED_IF_KNOWN = re.compile(rf"\b(?:{_WEAK})\.?,? (?P<name>{_NAME})")
# A given name alone in the middle of a sentence, where it does or gets something.
_DOES = (
    r"(?:will|said|says|asked|called|wrote|has|had|can|was|is|sent|told|wants|needs|works|lives|starts|joined|left|signed|"
    r"approved|thinks|replied|resigned|emailed|mentioned|texted|phoned|paid|moved|ordered|requested|reported|visited|"
    r"arrived|reviewed|"
    r"submitted|completed|forwarded|married|died|retired|thanked|testified|couldn't|can't|didn't|doesn't|won't|agreed)\b"
)
ACTING = re.compile(
    rf"(?<![A-Za-z])(?P<subject>[{_UPPER}][{_LOWER}]{{2,}})(?= {_DOES})"
    rf"|(?<![A-Za-z])(?P<owner>[{_UPPER}][{_LOWER}]{{2,}})(?='s (?!of )[a-z])"
    rf"|(?<=[ぁ-んァ-ヴ一-龠、。])(?P<abroad>[{_UPPER}][{_LOWER}]{{2,}})(?=(?:に|が|は|と|から|へ|も)(?![A-Za-z]))"
    rf"|(?:^|(?<=\n)|(?<=[.!?] ))(?P<spoken>[{_UPPER}][{_LOWER}]{{2,}})(?=, (?:can|could|please|would|will|let|I|we|"
    rf"thanks|thank|are|"
    rf"do|did|have|when|what|how|is|just|here)\b)"
    rf"|(?<![A-Za-z@.-])(?P<name>[{_UPPER}][{_LOWER}]{{2,}})(?![A-Za-z@])(?! (?!I )[{_UPPER}&])"
)
MENTIONED = re.compile(
    rf"(?:(?:^|(?<=\n))(?:\[[^\]\n]{{1,24}}\] ?)?<(?P<said>[{_UPPER}][{_LOWER}]{{2,}})>"
    rf"|(?:^|(?<=\n))(?P<writer>[{_UPPER}][{_LOWER}]{{2,}})(?= wrote:)"
    rf"|(?<=@)(?P<tagged>[{_UPPER}][{_LOWER}]{{2,}})(?![A-Za-z@.])"
    rf"|(?:^|(?<=\n))(?:\[[^\]\n]{{1,24}}\] ?)?(?P<speaker>[{_UPPER}][{_LOWER}]{{2,}})(?=: [a-z\"'])"
    rf"|\b(?:{_KIN}|"
    rf"[Tt]his is|[Ii]t's|I'm|I am|[Mm]y name is|name's|[Cc]all me|[Aa]sk|[Tt]ell|[Tt]old|"
    rf"[Aa]sked),? (?P<kin>[{_UPPER}][{_LOWER}]{{2,}}))(?! [{_UPPER}])"
)
SUFFIXED = re.compile(
    rf"(?<![A-Za-z])(?P<name>(?:{WORD})(?: (?:{WORD}))?)(?:-(?:san|sama|kun|chan|sensei|shi)\b|(?=さん|様|"
    rf"氏|くん|ちゃん|先生))"
)
ADDRESSED = re.compile(
    rf"(?:^|(?<=[\n>.!?:] )|(?<=\n))(?:Dear|Hi|Hello|Hey|Good (?:morning|afternoon|evening)|Welcome(?: back)?|"
    rf"Congratulations),? (?:(?:{_STRONG})\.? )?"
    rf"(?P<name>{_NAME})(?= family| and |\s*(?:[,.!:\n–—-]|$))"
)
THANKED = re.compile(
    rf"(?:^|(?<=[\n>.!?:,] )|(?<=\n))(?:Thanks|Thank you|Best|Regards|Cheers|Sincerely|Yours|Sorry|Morning|Yes|No|"
    rf"Sure|Great),? "
    rf"(?P<name>{_NAME})(?=[,.!:\n]|$)"
)
SIGNED = re.compile(
    rf"(?:[Rr]egards|[Ss]incerely|[Cc]heers|[Bb]est(?: wishes)?|[Tt]hanks|[Tt]hank you|[Yy]ours(?: truly| sincerely|"
    rf" faithfully)?|"
    rf"[Rr]espectfully|[Ww]armly|[Ll]ove|"
    rf"[Ss]igned),?\s*\n+\s*(?P<name>(?:{WORD})(?: (?:[A-Z]\. )?{LINKED}(?:{WORD})){{0,2}})\s*(?:\n|$)"
)
LABEL = label(
    rf"{_KIN}|"
    r"(?:full|first|last|given|family|customer|client|patient|employee|user|contact|account[ _-]?holder|"
    r"card[ _-]?holder|legal|display|billing|recipient|sender|applicant|emergency contact|student|guest|"
    r"passenger)?[ _-]?name|"
    r"account[ _-]?holder|card[ _-]?holder|beneficiary|recipient|customer|client|patient|employee|applicant|"
    r"attendees?|contact(?: person)?|assignee|reporter|author|owner|manager|signed(?: off)?[ -]by|prepared by|guest|"
    r"passenger|student|"
    r"(?:approved|written|edited|reported|reviewed|created|submitted|co-authored|tested|verified|witnessed)[ -]by|"
    r"approved|by|"
    r"assigned to|reservation under|cc|to|subject|attending|supervisor|teacher|tenant|landlord|spouse|"
    r"emergency contact|interviewer|"
    r"my name is|name is|i am|i'm|this is|it's|speaking with|spoke with|met with|from|identified as|"
    r"attn\.?|氏名|名前|お名前|名義人?|ローマ字|英字氏名|氏名\(英字\)|担当者?|holder|payee|insured|claimant|landlord|"
    r"parent|guardian|next of kin|physician|speaker|host|candidate|deposited by|"
    r"pay to the order of|sold to|invoice to|deliver to|ship to|requested by|sent by|作成者|承認者|申請者|姓|名"
)
FIRM_LABEL = re.compile(
    rf"(?:{_KIN}|"
    r"contact|insured|claimant|payee|landlord|tenant|guardian|next of kin|physician|candidate|name|holder|beneficiary|"
    r"patient|"
    r"employee|applicant|my name is|passenger|student|guest|attending|assignee|attn|"
    r"(?:(?:sign|approv|review|report|submitt|author|test|verifi|witness|prepar|edit)ed|written)(?: off| |-){1,2}by|"
    r"wire transfer to|assigned to|reservation under|identified as|氏名|名前|名義人?|ローマ字)[^A-Za-z\n]{0,8}\Z",
    re.IGNORECASE,
)
SURE_LABEL = label(r"(?:first|last|given|family|sur)[ _-]?name|surname|姓|名")
"""Where a form asks for one part of a name."""
RELATED = re.compile(rf"\b(?:{_KIN}),? \Z")
# What only a person is followed by, whatever the words before it are.
PERSON_BEHIND = re.compile(
    r" ?<[^<>\s@]{1,64}@|,? \(?(?:aged? )?[1-9][0-9](?:\)|, | years| y/o|-year)| wrote:| \(?(?:was )?born\b| \(b\. |"
    r" testified| "
    r"resigned|,? (?:Jr|Sr)\.| et al| joined as| joined the (?:call|meeting|team)| is our| said\b| signed (?:the|off)|"
    r" complains| "
    r"submitted (?:a|an|the)|'s (?:salary|contract|manager|email|phone|passport|birthday|wife|husband)"
)
BESIDE = re.compile(r"(?:, (?:and )?| and | & |; ?| ?\| ?|,| vs?\.? |\n(?:[-*•] |[0-9]{1,2}[.)] )?)")
"""What stands between two persons who are named together."""
THING_LABEL = re.compile(
    r"(?:location|city|town|route|station|venue|place|street|model|product|brand|company|team|song|title|album|"
    r"project|event|"
    r"school|destination|airport|hotel|store|vendor|subject|topic|theme)[^A-Za-z\n]{0,4}\Z",
    re.IGNORECASE,
)
