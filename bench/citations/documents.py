"""Sixteen documents of an invented organisation, half Japanese, half English, with questions. CC0, written for this bench.

Of each question it is known which words of the document answer it, or that no document does. Many of the latter stay
close to what the documents are about: a floor that has no room, a leave that is not named, the year before.
"""

from msgspec import Struct


class Paper(Struct, frozen=True):
    """A document; each of `asked` comes with words of the text that answer it; nothing answers `unanswered`."""

    name: str
    text: str
    asked: tuple[tuple[str, str], ...]
    unanswered: tuple[str, ...]


PAPERS = (
    Paper(
        "就業規則-休暇.md",
        """# 休暇規程
## 第1条 年次有給休暇
入社日から起算して6か月間継続勤務し、全労働日の8割以上出勤した従業員に、10日の年次有給休暇を与える。
未取得の有給休暇は、翌年度に限り繰り越すことができる。申請は取得日の3営業日前までに勤怠システムで行う。
## 第2条 慶弔休暇
従業員本人が結婚するときは連続5日、父母または配偶者が亡くなったときは連続7日の特別休暇を与える。
## 第3条 子の看護休暇
小学校就学前の子を養育する従業員は、1年間に5日を限度として看護休暇を取得できる。2人以上のときは10日とする。この休暇は無給とする。
""",
        (
            ("有給休暇は入社して何か月後にもらえますか？", "6か月間継続勤務"),
            ("使い切れなかった有給休暇は翌年度に繰り越せますか？", "翌年度に限り繰り越す"),
            ("有給休暇の申請はいつまでに必要ですか？", "3営業日前まで"),
            ("自分が結婚するときの休暇は何日ですか？", "連続5日"),
            ("配偶者が亡くなったときは何日休めますか？", "連続7日"),
            ("子の看護休暇は有給ですか、無給ですか？", "無給とする"),
        ),
        (
            "リフレッシュ休暇は勤続何年でもらえますか？",
            "介護休暇は何日取れますか？",
            "病気休職の期間は最長でどれくらいですか？",
        ),
    ),
    Paper(
        "旅費規程.md",
        """# 国内出張旅費規程
出張とは、勤務地から片道100キロメートル以上の用務先へ赴くことをいう。
宿泊費の上限は、東京都区部では1泊13,000円、その他の地域では1泊10,000円とする。
日当は、日帰り出張で1,500円、宿泊を伴う出張で1日あたり2,500円を支給する。
新幹線は普通車指定席を利用する。グリーン車の利用は、部長以上に限り認める。
旅費の精算は、帰着後7日以内に、領収書を添えて経理課に提出する。
タクシーは、公共交通機関がない場合、または深夜23時以降に限り利用できる。
""",
        (
            ("東京都区部に泊まるときの宿泊費の上限はいくらですか？", "1泊13,000円"),
            ("日帰り出張の日当はいくらですか？", "1,500円"),
            ("グリーン車に乗れるのは誰ですか？", "部長以上"),
            ("出張の精算は何日以内に出せばよいですか？", "7日以内"),
            ("タクシーを使ってよいのはどんなときですか？", "公共交通機関がない場合"),
        ),
        ("海外出張の日当はいくらですか？", "飛行機のビジネスクラスは使えますか？", "出張中の食事代の上限はいくらですか？"),
    ),
    Paper(
        "情報セキュリティ手順.md",
        """# 情報セキュリティ手順書
パスワードは12文字以上とし、英大文字、英小文字、数字、記号をすべて含める。
同じパスワードを複数のシステムで使い回してはならない。
ノートパソコンを社外へ持ち出すときは、情報システム課に申請し、ディスクの暗号化を確認する。
私物のUSBメモリーを業務用端末に接続してはならない。
端末を紛失したときは、直ちに情報システム課（内線4120）へ電話し、1時間以内に所属長へ報告する。
不審なメールを開いた場合は、ネットワークケーブルを抜き、電源は切らずに連絡する。
""",
        (
            ("パスワードは何文字以上必要ですか？", "12文字以上"),
            ("私物のUSBメモリーをつないでもよいですか？", "私物のUSBメモリーを業務用端末に接続してはならない"),
            ("端末を失くしたときはどこに電話しますか？", "内線4120"),
            ("不審なメールを開いてしまったらどうすればよいですか？", "ネットワークケーブルを抜き"),
            ("ノートパソコンを社外に持ち出すには何が必要ですか？", "情報システム課に申請"),
        ),
        (
            "社内Wi-Fiのパスワードは何ですか？",
            "ウイルス対策ソフトの製品名は何ですか？",
            "監視カメラの映像は何日間保存されますか？",
        ),
    ),
    Paper(
        "施設利用案内.md",
        """# 本社ビル施設利用案内
本社ビルの開館時間は平日7時から22時までである。土曜日、日曜日、祝日は閉館する。
大会議室は5階にあり、60名まで利用できる。予約は利用日の30日前から受け付ける。
食堂は地下1階にあり、営業時間は11時30分から14時までである。支払いは社員証または現金で行う。
駐輪場を利用するには、総務課で登録シール（年額2,000円）を購入する。
来客は1階受付で入館証を受け取り、退館時に返却する。
""",
        (
            ("大会議室は何階にありますか？", "5階"),
            ("大会議室の定員は何名ですか？", "60名まで"),
            ("食堂の営業時間を教えてください。", "11時30分から14時まで"),
            ("駐輪場の登録シールはいくらですか？", "年額2,000円"),
            ("来客の入館証はどこで受け取りますか？", "1階受付"),
        ),
        ("屋上庭園は何時まで開いていますか？", "社員寮の家賃はいくらですか？", "駐車場は何台分ありますか？"),
    ),
    Paper(
        "製品-浄水器.md",
        """# 浄水器 KZ-200 取扱説明書
カートリッジの交換目安は4か月または1,200リットルである。交換ランプが赤く点滅したら交換する。
使い始めは、水を5分間流してから使用する。
お湯（35℃以上）を通さないこと。ろ材が傷み、浄水能力が低下する。
本体の保証期間は、お買い上げの日から2年間である。カートリッジは保証の対象外とする。
除去できる物質は、遊離残留塩素、濁り、カビ臭、溶解性鉛である。塩分は除去できない。
凍結のおそれがある場所には設置しない。
""",
        (
            ("カートリッジはどれくらいで交換しますか？", "4か月または1,200リットル"),
            ("お湯を通しても大丈夫ですか？", "お湯（35℃以上）を通さない"),
            ("保証期間は何年ですか？", "2年間"),
            ("浄水器で塩分は除去できますか？", "塩分は除去できない"),
            ("最初に使うときは何分間水を流しますか？", "5分間流して"),
        ),
        ("浄水器の本体価格はいくらですか？", "KZ-200の消費電力は何ワットですか？", "食器洗い機につなげますか？"),
    ),
    Paper(
        "防災計画.md",
        """# 防災計画
地震のときは、まず机の下に身を隠し、揺れが収まってから避難する。エレベーターは使用しない。
避難場所は、本社の北300メートルにある緑が丘公園とする。
防災訓練は、毎年6月と11月の年2回実施する。
備蓄は、従業員1人あたり水9リットルと食料3日分とし、3階倉庫に保管する。
火災を発見した者は、大声で周囲に知らせ、119番に通報し、初期消火を行う。炎が天井に達したら、直ちに避難する。
安否確認は、専用アプリで24時間以内に回答する。
""",
        (
            ("避難場所はどこですか？", "緑が丘公園"),
            ("防災訓練は年に何回ありますか？", "年2回"),
            ("水は1人あたり何リットル備蓄していますか？", "水9リットル"),
            ("地震のときエレベーターを使ってもよいですか？", "エレベーターは使用しない"),
            ("安否確認には何時間以内に答えればよいですか？", "24時間以内"),
        ),
        (
            "防災計画では津波のときにどこへ避難しますか？",
            "非常用発電機は何時間動きますか？",
            "防災担当の責任者の名前は何ですか？",
        ),
    ),
    Paper(
        "育児支援.md",
        """# 育児支援制度のご案内
育児休業は、原則として子が1歳になるまで取得できる。保育所に入れない場合は、最長2歳まで延長できる。
出生時育児休業は、子の出生後8週間以内に4週間まで、2回に分けて取得できる。
短時間勤務は、子が小学3年生を修了するまで利用でき、1日の勤務時間は6時間とする。
育児休業を取得するときは、開始日の1か月前までに人事課へ申し出る。
ベビーシッター利用補助は、1回あたり2,200円の割引券を、月12枚まで交付する。
""",
        (
            ("育児休業は最長で何歳まで延長できますか？", "最長2歳まで"),
            ("短時間勤務はいつまで利用できますか？", "小学3年生を修了するまで"),
            ("育児休業の申し出はいつまでですか？", "1か月前まで"),
            ("ベビーシッターの割引券は月に何枚もらえますか？", "月12枚まで"),
            ("出生時育児休業は何週間取れますか？", "4週間まで"),
        ),
        ("企業内保育所の定員は何名ですか？", "不妊治療の補助金はいくらですか？", "出産祝い金はいくらもらえますか？"),
    ),
    Paper(
        "議事録-四月.md",
        """# 企画会議 議事録（2026年4月14日）
出席者：佐々木部長、堀内、山野、ロペス
新製品「コトリ」の発売日を2026年10月1日とすることを決定した。
広告予算は800万円とし、そのうち300万円を動画広告に充てる。
堀内は、5月末までに大阪での市場調査の結果を報告する。
次回の会議は4月28日14時から、第3会議室で行う。
包装材は紙製に変更する。プラスチックの使用は見送る。
""",
        (
            ("新製品「コトリ」の発売日はいつですか？", "2026年10月1日"),
            ("動画広告にはいくら充てますか？", "300万円を動画広告"),
            ("市場調査の結果は誰が報告しますか？", "堀内"),
            ("次回の企画会議はどこで行いますか？", "第3会議室"),
            ("包装材は何に変更しますか？", "紙製に変更"),
        ),
        (
            "新製品「コトリ」の販売価格はいくらですか？",
            "5月の企画会議で何が決まりましたか？",
            "名古屋での市場調査は誰が担当しますか？",
        ),
    ),
    Paper(
        "remote-work.md",
        """# Remote work policy
Employees may work from home up to three days a week once their probation of 90 days is over.
Core hours are 10:00 to 15:00, during which everyone must be reachable by chat.
The company pays a monthly allowance of 40 euros for internet and electricity.
Confidential papers must not be taken home. Printing customer records at home is forbidden.
Working from another country requires written approval by Human Resources at least 14 days in advance.
""",
        (
            ("How many days a week may I work from home?", "three days a week"),
            ("What are the core hours?", "10:00 to 15:00"),
            ("How much is the monthly allowance for internet and electricity?", "40 euros"),
            ("May I take confidential papers home?", "must not be taken home"),
            ("Who has to approve working from another country?", "Human Resources"),
        ),
        (
            "Does the company pay for an office chair at home?",
            "Can interns work remotely from a client's office?",
            "What is the internet speed required at home?",
        ),
    ),
    Paper(
        "expense-policy.md",
        """# Expenses
Meals with customers are reimbursed up to 60 euros per person. Alcohol is not reimbursed.
Receipts must be uploaded within 30 days; after that a claim is rejected.
Kilometres driven in a private car are paid at 0.30 euros each.
Any purchase above 500 euros needs the signature of the head of department before it is ordered.
Company credit cards are issued to staff who travel more than six times a year.
""",
        (
            ("What is the limit per person for meals with customers?", "60 euros per person"),
            ("Is alcohol reimbursed?", "Alcohol is not reimbursed"),
            ("Within how many days must receipts be uploaded?", "within 30 days"),
            ("How much is paid per kilometre in a private car?", "0.30 euros"),
            ("Who signs purchases above 500 euros?", "head of department"),
        ),
        (
            "What is the reimbursement for a gym membership?",
            "How much can I spend on gifts for suppliers?",
            "Which bank issues the company credit cards?",
        ),
    ),
    Paper(
        "router-manual.md",
        """# Router R7 manual
Hold the reset button for ten seconds to restore the factory settings.
A blinking blue light means that the router is looking for an update; a steady red light means that there is no connection.
The guest network is switched off by default. Turn it on under Settings, then Wireless.
The router covers up to 120 square metres. For larger homes add a second unit.
Do not place the router within one metre of a microwave oven.
The warranty lasts three years from the date of purchase.
""",
        (
            ("How do I restore the factory settings?", "Hold the reset button for ten seconds"),
            ("What does a steady red light mean?", "no connection"),
            ("Is the guest network on by default?", "switched off by default"),
            ("How large an area does the router cover?", "120 square metres"),
            ("How long is the warranty of the router?", "three years"),
        ),
        (
            "What is the maximum number of devices on the router?",
            "How much power does the R7 router consume?",
            "Does the router support a SIM card?",
        ),
    ),
    Paper(
        "onboarding.md",
        """# Your first week
On Monday you receive your laptop and badge from the help desk in room 114.
Complete the safety training by Wednesday; it takes about 45 minutes online.
Your mentor meets you every Thursday during the first two months.
Salaries are paid on the 25th of each month. Give your bank details to payroll before the 10th.
Health insurance begins on the first day of employment and covers spouses and children.
""",
        (
            ("Where do I get my laptop and badge?", "room 114"),
            ("How long does the safety training take?", "45 minutes"),
            ("When are salaries paid?", "25th of each month"),
            ("Does health insurance cover children?", "covers spouses and children"),
            ("How often does the mentor meet new staff?", "every Thursday"),
        ),
        (
            "What is the dress code at the office?",
            "How many vacation days do new employees get?",
            "Who is the chief executive of the company?",
        ),
    ),
    Paper(
        "lab-safety.md",
        """# Laboratory safety
Safety glasses and a closed coat are mandatory in all laboratories. Open shoes are prohibited.
Acids are stored in the yellow cabinet, solvents in the red one.
Spills of less than one litre are absorbed with sand; for larger spills leave the room and call extension 2250.
Nobody works alone in the laboratory after 18:00.
Eye showers are tested every week, fire extinguishers once a year.
""",
        (
            ("In which cabinet are acids stored?", "yellow cabinet"),
            ("What must I do with a spill of more than one litre?", "leave the room and call extension 2250"),
            ("May I work alone in the laboratory at night?", "Nobody works alone in the laboratory after 18:00"),
            ("How often are eye showers tested?", "every week"),
            ("Are open shoes allowed in the laboratory?", "Open shoes are prohibited"),
        ),
        (
            "Where are the gas cylinders stored?",
            "Which gloves are needed for liquid nitrogen?",
            "Who is the radiation protection officer?",
        ),
    ),
    Paper(
        "supplier-contract.md",
        """# Supply agreement with Norddal AB
The agreement begins on 1 March 2026 and runs for 24 months.
Either party may terminate it with three months' written notice.
Norddal delivers within ten working days of an order.
For each week of delay the price is reduced by 2 percent, up to 10 percent.
Invoices are payable within 45 days without deduction.
Disputes are settled by the courts of Gothenburg under Swedish law.
""",
        (
            ("How long does the agreement with Norddal run?", "24 months"),
            ("What notice is needed to terminate the agreement?", "three months' written notice"),
            ("By how much is the price reduced for each week of delay?", "2 percent"),
            ("When are invoices payable?", "within 45 days"),
            ("Which courts settle disputes with Norddal?", "courts of Gothenburg"),
        ),
        (
            "What is the minimum order quantity at Norddal?",
            "Who signed the agreement for Norddal?",
            "Which insurance must Norddal hold?",
        ),
    ),
    Paper(
        "cycling-club.md",
        """# Rules of the cycling club
The club meets every Sunday at 8:30 at the old railway station. Rides are between 40 and 70 kilometres long.
Helmets are compulsory. Headphones are not allowed while riding.
Membership costs 35 pounds a year, or 20 pounds for students.
Members under 16 ride only with a parent.
The annual general meeting is held in the second week of January.
""",
        (
            ("Where does the cycling club meet?", "old railway station"),
            ("How much does membership cost for students?", "20 pounds for students"),
            ("Are headphones allowed while riding?", "Headphones are not allowed while riding"),
            ("When is the annual general meeting held?", "second week of January"),
            ("How long are the rides?", "between 40 and 70 kilometres"),
        ),
        (
            "Does the cycling club rent electric bicycles?",
            "Who is the president of the cycling club?",
            "What is the club's bank account number?",
        ),
    ),
    Paper(
        "library-terms.md",
        """# Terms of the company library
Books are lent for four weeks and may be renewed twice unless somebody has reserved them.
Journals are read in the reading room only and are not lent.
The fine for a late book is 50 cents a day, at most 15 euros.
Suggestions for new books are collected until the last Friday of each month.
The reading room on the second floor opens at 9:00 and closes at 19:00.
""",
        (
            ("For how long are books lent?", "four weeks"),
            ("How often may a book be renewed?", "renewed twice"),
            ("Can journals be borrowed?", "are not lent"),
            ("What is the fine for a late book?", "50 cents a day"),
            ("When does the reading room close?", "closes at 19:00"),
        ),
        (
            "How many books can I borrow at the same time?",
            "Does the library lend audio books?",
            "Is there a photocopier in the library?",
        ),
    ),
)
