"""Names that are common enough to be known without a dictionary; written down from general knowledge."""

SURNAMES = frozenset(
    """
    佐藤 鈴木 高橋 田中 伊藤 渡辺 渡邉 渡邊 山本 中村 小林 加藤 吉田 山田 佐々木 山口 松本 井上 木村 林 斎藤 斉藤 齋藤
    齊藤 清水 山崎 森 池田 橋本 阿部 石川 山下 中島 石井 小川 前田 岡田 長谷川 藤田 後藤 近藤 村上 遠藤 青木 坂本 福田
    太田 西村 藤井 岡本 金子 藤原 中野 三浦 原田 中川 松田 竹内 小野 田村 中山 和田 石田 森田 上田 原 内田 柴田 酒井
    宮崎 横山 高木 安藤 宮本 大野 小島 工藤 谷口 今井 高田 増田 丸山 杉山 村田 大塚 新井 小山 平野 藤本 河野 上野 武田
    野口 松井 千葉 菅原 岩崎 木下 久保 佐野 野村 松尾 市川 菊地 菊池 杉本 古川 大西 島田 水野 桜井 櫻井 渡部 高野 吉川
    山内 西田 飯田 西川 小松 北村 安田 五十嵐 川口 平田 関 中田 久保田 東 服部 川崎 岩田 土屋 福島 本田 辻 樋口 秋山
    田口 永井 山中 中西 吉村 川上 石原 大橋 松岡 馬場 浜田 森本 矢野 浅野 松下 星野 大久保 吉岡 小池 野田 荒木 熊谷
    松浦 大谷 内藤 黒田 尾崎 川村 永田 望月 松村 田辺 菅野 荒井 堀 西山 大島 平井 早川 広瀬 栗原 片山 横田 石橋 宮田
    大石 小西 本間 須藤 高山 萩原 岡崎 小田 伊東 関口 東 富田 高島 髙島 髙橋 今村 奥村 小野寺 大川 堀内 金城 比嘉 島袋
    宮城 上原 大城 玉城 喜屋武 与那嶺 仲村 西野 坂口 篠原 相馬 白石 内山 村山 北川 川田 桑原 八木 三宅 児玉 南 小倉
    沢田 澤田 河合 榎本 稲垣 土井 森下 古田 津田 松原 徳永 福井 根本 梅田 柳田 富永 松永 吉野 足立 高井 岸本 及川 中井
    神田 竹田 牧野 西 青山 黒川 岡村 天野 岩本 水谷 戸田 向井 田島 西尾 大森 堤 細川 畠山 岡 杉田 二宮 奥田 塚本 宮川
    滝沢 相沢 相川 会田 青柳 赤木 赤坂 秋田 秋元 秋吉 浅井 浅田 朝倉 芦田 東山 麻生 天田 雨宮 荒川 有田 有馬 粟野 安西
    飯島 飯塚 飯野 伊賀 生田 池上 池内 池谷 石黒 石坂 石塚 石丸 石渡 泉 磯部 磯野 板垣 板倉 一色 市村 井手 伊達 糸井
    稲葉 稲田 乾 犬飼 今泉 入江 岩井 岩城 岩下 岩瀬 岩永 植木 植田 植村 臼井 内藤 宇野 梅本 浦田 江口 江藤 榎 遠山
    大内 大浦 大木 大串 大崎 大沢 大澤 大城 大杉 大友 大場 大平 大淵 大村 大山 岡野 岡部 小笠原 岡山 小川 荻野 奥山
    尾形 小沢 小澤 落合 鬼塚 小野田 尾上 折原 甲斐 各務 香川 影山 笠井 笠原 風間 梶 梶田 柏木 春日 勝又 勝田 加納 鹿島
    狩野 上条 神谷 神山 亀井 亀田 鴨下 茅野 唐沢 刈谷 川合 川井 川島 河原 川瀬 河田 川端 河村 川本 神崎 菅 喜多 木内
    岸 岸田 岸野 北原 北野 君島 木原 桐生 金城 日下 草野 楠 楠木 工藤 国分 久我 久米 倉本 黒岩 黒沢 黒澤 桑田 郡司
    小泉 小出 小坂 越智 小杉 小谷 後藤田 小堀 小宮 小宮山 小柳 近江 斎木 佐伯 佐久間 佐竹 佐原 三枝 沢村 猿渡 三田
    塩崎 塩田 塩野 志賀 重松 品川 篠田 篠崎 柴崎 渋谷 島崎 島村 島本 清野 下田 下村 白井 白川 城田 進藤 新垣 新谷 新藤
    末永 菅沼 菅谷 杉浦 杉原 杉村 鈴村 須賀 須田 角田 諏訪 関根 関谷 千石 仙石 高瀬 高梨 高畑 高松 高見 高村 高柳 滝
    滝本 田川 武井 竹村 竹本 田代 立花 橘 立川 辰巳 田所 田畑 田原 玉井 玉木 田丸 田宮 千田 千原 塚田 月島 津村 土田
    筒井 堤 坪井 鶴田 手塚 寺島 寺本 寺尾 照屋 土居 土肥 東条 藤堂 遠野 戸塚 富岡 富沢 友田 豊田 鳥居 内海 中尾 長井
    長岡 長坂 中里 長沢 長澤 中条 永島 長嶋 中谷 長瀬 永野 長野 永山 中原 中林 中溝 名取 並木 楢崎 成瀬 鳴海 南雲 西岡
    西沢 西澤 西原 仁科 新田 丹羽 沼田 根岸 野上 野沢 野中 信田 橋口 橋爪 蓮見 長谷部 畑 畑中 八田 花田 花岡 羽田 浜口
    浜崎 浜野 早坂 林田 原口 番場 坂東 比嘉 東野 樋渡 久野 菱田 日野 氷室 平川 平沢 平松 平岡 広田 広川 深井 深田 福岡
    福本 福永 福原 藤岡 藤木 藤崎 藤島 藤野 藤村 藤森 布施 二見 古賀 古谷 古屋 保坂 星 細井 細田 細野 堀江 堀田 堀川
    本庄 前川 前原 真木 牧 牧田 槙 正木 真田 益田 町田 松坂 松崎 松沢 松澤 松嶋 松島 松木 松川 三上 三木 三島 水上
    水口 溝口 三谷 三井 光岡 緑川 皆川 湊 峰 峯岸 簑島 三村 宮内 宮城 宮坂 宮沢 宮澤 宮下 宮島 宮地 宮原 三輪 武者
    村井 村岡 村瀬 村松 村本 室井 毛利 茂木 持田 本橋 本村 元木 百瀬 森岡 森川 森谷 森山 諸橋 八代 矢島 安井 安原 保田
    谷田 梁瀬 山辺 山形 山科 山城 山添 山室 山元 湯浅 油井 由良 横井 横尾 横川 吉井 吉沢 吉澤 吉武 吉原 吉本 米沢 米山
    若林 若松 和久井 涌井 鷲尾 渡会 日向 道明寺 御子柴 小鳥遊 早乙女 神楽坂 一ノ瀬 二階堂 綾小路 有栖川 東海林 御手洗
    瀬戸 窪田 長尾 三好 成田 坂井 米田 安部 大竹 深沢 山根 山岸 須田 今野 鎌田 藤川 藤沢 武藤 片岡 平山 金田 長田 園田
    倉田 寺田 本多 梶原 黒木 日高 甲斐 長友
    """.split()  # noqa: SIM905 - a column of strings reads worse
)

ROMAN_SURNAMES = frozenset(
    """
    sato suzuki takahashi tanaka ito itou watanabe yamamoto nakamura kobayashi kato katou yoshida yamada sasaki
    yamaguchi matsumoto inoue kimura hayashi saito saitou shimizu yamazaki yamasaki mori ikeda hashimoto abe ishikawa
    yamashita nakajima nakashima ishii ogawa maeda okada hasegawa fujita goto gotou kondo kondou murakami endo endou
    aoki sakamoto fukuda ota ohta nishimura fujii okamoto kaneko fujiwara nakano miura harada nakagawa matsuda
    takeuchi ono tamura nakayama wada ishida morita ueda hara uchida shibata sakai miyazaki yokoyama takagi ando andou
    miyamoto ohno oono kojima kudo kudou taniguchi imai takada masuda maruyama sugiyama murata otsuka ohtsuka arai
    koyama hirano fujimoto kono kouno ueno takeda noguchi matsui chiba sugawara iwasaki kinoshita kubo sano nomura
    matsuo ichikawa kikuchi sugimoto furukawa onishi ohnishi shimada mizuno sakurai takano yoshikawa yamauchi nishida
    iida nishikawa komatsu kitamura yasuda igarashi kawaguchi hirata seki nakata kubota azuma hattori kawasaki iwata
    tsuchiya fukushima honda tsuji higuchi akiyama taguchi nagai yamanaka nakanishi yoshimura kawakami ishihara ohashi
    matsuoka baba hamada morimoto yano asano matsushita hoshino okubo ohkubo yoshioka koike noda araki kumagai
    matsuura otani ohtani naito kuroda ozaki kawamura nagata mochizuki matsumura tanabe kanno hori nishiyama oshima
    hirai hayakawa hirose kurihara katayama yokota ishibashi miyata oishi konishi honma sudo takayama hagiwara okazaki
    oda sekiguchi tomita takashima imamura okumura onodera okawa horiuchi kinjo higa shimabukuro miyagi uehara oshiro
    tamaki nishino sakaguchi shinohara shiraishi uchiyama murayama kitagawa kawada kuwahara yagi miyake kodama minami
    ogura sawada kawai enomoto doi morishita furuta tsuda matsubara tokunaga fukui nemoto umeda yanagida tominaga
    matsunaga yoshino adachi takai kishimoto nakai kanda takenaka makino aoyama kurokawa okamura amano iwamoto
    mizutani toda mukai tajima nishio omori hosokawa oka sugita ninomiya okuda tsukamoto miyagawa takizawa seto nagao
    narita yoneda yamane yamagishi suda konno kamata fujikawa fujisawa muto kataoka hirayama kaneda sonoda
    """.split()  # noqa: SIM905 - as above
)
ROMAN_GIVEN = frozenset(
    """
    taro tarou jiro jirou ichiro ichirou saburo shiro goro kenji kenta kentaro kenichi kengo ken kazuki kazuya kazuo
    kazuhiko kazuhiro takashi takeshi takuya takumi takuma takahiro takeo takao tadashi tatsuya tatsuo tetsuya tetsuo
    tomohiro tomoya toshio toshiki toru tsutomu tsubasa hiroshi hiroki hiroyuki hiromi hirofumi hideki hideo hidetoshi
    hayato haruto haruki haruka hajime hitoshi hisashi ryo ryota ryosuke ryuji ryohei ryuichi riku ren yuki yuta yuto
    yuya yusuke yuji yuichi yukio yoshio yoshihiro yosuke yohei yasuo yasushi yasuhiro yamato makoto masashi masato
    masaki masao masahiro masaru manabu mamoru mitsuo mitsuru minoru michio naoki naoto naoya nobuo nobuyuki noboru
    noriyuki osamu satoshi satoru seiji seiichi shigeru shigeo shinji shinichi shin shingo shinnosuke shinya shota
    shohei sho shogo shuichi shuji shunsuke shun shuta sota sosuke souta susumu daichi daiki daisuke eiji eiichi fumio
    fumiya genki akira akio akihiko akihiro atsushi arata aoi junichi jun junji junya kei keiichi keisuke keita keiji
    kosuke koji koichi kohei kota kiyoshi katsumi katsuya isamu isao itsuki naoko noriko nozomi nana nanami natsuki
    natsumi nao hanako hitomi hina hinata honoka kyoko keiko kumiko kumi kaori kana kanako kazuko kayo kasumi kiyomi
    kotone koharu mai maki mari mariko mayu mayumi mami mao megumi mei michiko midori miho mika mikako miki miku
    minako misaki mitsuko miwa miyu miyuki miyoko moe momoka momoko rei reiko reina rie riko rina rin risa ryoko
    sachiko saki sakura sakurako saori satomi satoko sayaka sayuri shiho shinobu shizuka shoko sumiko tamami tomoko
    tomomi toshiko yui yuika yuka yukari yukiko yuko yumi yumiko yuri yuriko yoko yoshiko youko yuna wakana akane
    akemi akiko aki ai aika airi aiko ayaka ayako ayumi ayame asami asuka atsuko azusa chie chieko chiaki chihiro
    chinatsu chika chiyo chizuko emi emiko eri erika eriko etsuko fumiko hisako ikuko izumi junko
    """.split()  # noqa: SIM905 - as above
)
ENGLISH_GIVEN = frozenset(
    """
    james john robert michael william david richard joseph thomas charles christopher daniel matthew anthony donald
    steven stephen paul andrew joshua kenneth kevin brian george edward ronald timothy jason jeffrey jeff ryan jacob
    gary nicholas nick eric jonathan larry justin scott brandon benjamin ben samuel sam gregory greg frank alexander
    alex raymond patrick jack dennis jerry tyler aaron jose adam henry nathan douglas zachary peter kyle walter ethan
    jeremy harold keith christian roger noah gerald carl terry sean arthur lawrence jesse dylan bryan joe jordan billy
    bruce albert willie gabriel logan alan juan wayne roy ralph randy eugene vincent russell elijah louis bobby philip
    phillip johnny liam oliver lucas mason leo oscar theo hugo felix simon martin ian neil graham colin stuart derek
    craig mark luke owen evan connor cameron miguel carlos luis jorge diego pedro antonio francisco manuel rafael
    ahmed mohammed muhammad omar ali hassan ibrahim yusuf raj rajesh sanjay anil arjun vikram amit wei chen hans klaus
    jurgen stefan wolfgang pierre jean luc marco giovanni luca paolo ivan dmitri sergei igor mary patricia jennifer
    linda elizabeth barbara susan jessica sarah karen lisa nancy betty margaret sandra ashley kimberly emily donna
    michelle carol amanda melissa deborah stephanie dorothy rebecca sharon laura cynthia kathleen amy angela shirley
    anna brenda pamela emma nicole helen samantha katherine catherine christine debra rachel carolyn janet maria
    heather diane virginia julie joyce victoria olivia kelly christina lauren joan evelyn judith megan andrea cheryl
    hannah jacqueline martha gloria teresa ann sara madison frances kathryn janice jean abigail alice julia judy
    sophia sophie grace denise amber doris marilyn danielle beverly isabella theresa diana natalie brittany charlotte
    marie kayla alexis lori mia ava lily chloe zoe ella lucy ellie claire fiona ingrid eva elena sofia carmen lucia
    priya anita sunita fatima aisha leila mei ling svetlana natasha olga
    """.split()  # noqa: SIM905 - as above
)
ENGLISH_SURNAMES = frozenset(
    """
    smith johnson williams brown jones garcia miller davis rodriguez martinez hernandez lopez gonzalez wilson anderson
    thomas taylor moore jackson martin lee perez thompson white harris sanchez clark ramirez lewis robinson walker
    young allen king wright scott torres nguyen hill flores green adams nelson baker hall rivera campbell mitchell
    carter roberts gomez phillips evans turner diaz parker cruz edwards collins reyes stewart morris morales murphy
    cook rogers gutierrez ortiz morgan cooper peterson bailey reed kelly howard ramos kim cox ward richardson watson
    brooks chavez wood james bennett gray mendoza ruiz hughes price alvarez castillo sanders patel myers long ross
    foster jimenez powell jenkins perry russell sullivan bell coleman butler henderson barnes fisher vasquez simmons
    romero jordan patterson alexander hamilton graham reynolds griffin wallace moreno west cole hayes bryant herrera
    gibson ellis tran medina murray ford marshall owens singh kumar sharma gupta khan chen wang zhang liu yang huang
    zhao wu zhou schmidt mueller schneider fischer weber meyer wagner becker
    """.split()  # noqa: SIM905 - as above
)
WORDS_TOO = frozenset(
    """
    may april june august paris austin jordan chase grant will mark jack virginia georgia christian logan jean
    victoria madison charlotte lily grace rose ford martin long west king young
    """.split()  # noqa: SIM905 - a column of strings reads worse
)
"""Given names that are words, places or companies as well: alone they prove nothing."""
