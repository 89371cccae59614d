"""The EU AI Act (Regulation (EU) 2024/1689)."""

from datetime import date

from kyozon.domain.language import Text
from kyozon.domain.reports import Application, Duty, DutyTable

_AS_OF = date(2026, 11, 22)
_AS_ENACTED = Text("the Regulation as enacted", "成立時の規則")
_SECONDARY = Text(
    "law-firm and press pages that agree with each other; the Official Journal was not seen, so verify before quoting",
    "互いに一致する法律事務所・報道の記事。官報は未確認のため、引用前に確認が必要",
)
_HIGH_RISK = Application(
    Text(
        "high-risk systems: 2 December 2027 (Annex III), 2 August 2028 (Annex I), after the Digital Omnibus on AI",
        "高リスクシステム：2027-12-02（附属書 III）、2028-08-02（附属書 I）。AI デジタル・オムニバスによる",
    ),
    _AS_OF,
    _SECONDARY,
)

table = DutyTable(
    id="eu-ai-act",
    name=Text("EU AI Act", "EU AI 法"),
    note=Text(
        "Which of these duties bind you depends on your role and on what your system is used for. Kyozon cannot know "
        "either.",
        "どの義務が適用されるかは、組織の立場とシステムの用途によります。Kyozon はそのどちらも判断できません。",
    ),
    duties=(
        Duty(
            "4, 5",
            Text("AI literacy; prohibited practices", "AI リテラシー、禁止される AI の利用"),
            Text(
                "Kyozon trains nobody and does not look at what a request is used for.",
                "教育も、要求の用途の審査も行いません。",
            ),
            "not_covered",
            applies=Application(Text("2 February 2025", "2025-02-02"), _AS_OF, _AS_ENACTED),
        ),
        Duty(
            "9",
            Text("Risk management system", "リスク管理体制"),
            Text(
                "There is no risk register. Policies are versioned and dated, which a register can refer to.",
                "リスク台帳はありません。台帳から参照できるよう、ポリシーには版と日時が残ります。",
            ),
            "not_covered",
            ("policies",),
            _HIGH_RISK,
        ),
        Duty(
            "10",
            Text("Data and data governance", "データとデータガバナンス"),
            Text(
                "Kyozon trains no models yet; the data behind rented and open models is not known to it.",
                "学習機能はまだありません。商用・公開モデルの学習データは把握できません。",
            ),
            "not_covered",
            applies=_HIGH_RISK,
        ),
        Duty(
            "11, Annex IV",
            Text("Technical documentation", "技術文書"),
            Text(
                "The system card and the AI inventory of this report, made from the records. Design, testing and "
                "performance of your own system are for you to document.",
                "本報告書のシステムカードと AI 台帳（記録から作成）。"
                "自社システムの設計・試験・性能は別途文書化が必要です。",
            ),
            "partly",
            ("policies", "changes", "models"),
            _HIGH_RISK,
        ),
        Duty(
            "12, 19, 26(6)",
            Text("Logs, kept for at least six months", "ログの自動記録と 6 か月以上の保存"),
            Text(
                "A decision record for each request, written before anything leaves, committed to a Merkle tree with "
                "signed checkpoints; the table itself refuses deletion before 183 days.",
                "要求ごとの決定記録を送信前に書き込み、署名付きチェックポイントを持つマークル木に登録します。"
                "183 日未満の削除はデータベースが拒否します。",
            ),
            "covered",
            ("decisions", "open", "audit_leaves", "audit_sound", "audit_last_signed", "audit_pruned"),
            _HIGH_RISK,
        ),
        Duty(
            "13",
            Text("Transparency and instructions for deployers", "導入者への情報提供"),
            Text(
                "Zone, licence, abilities and context of each model as far as known. Measured limits per model are not "
                "there.",
                "モデルごとのゾーン・ライセンス・機能・文脈長を把握している範囲で示します。実測した限界は含みません。",
            ),
            "partly",
            ("models",),
            _HIGH_RISK,
        ),
        Duty(
            "14, 26(2)",
            Text("Human oversight", "人による監督"),
            Text(
                "Refusals before anything is sent, the review queue and grants by a named person, keys that can be "
                "revoked at once. Whether somebody watches is for you to arrange.",
                "送信前の拒否、レビュー待ち、記名者による許可、キーの即時失効。監督する人の配置は組織の役割です。",
            ),
            "partly",
            ("refused", "events.review", "events.grant", "events.key"),
            _HIGH_RISK,
        ),
        Duty(
            "15",
            Text("Accuracy, robustness, cybersecurity", "正確性・堅牢性・サイバーセキュリティ"),
            Text(
                "Labels bind where data may go; failures fall back to permitted models only. Accuracy is not measured.",
                "データの行き先はラベルで制限し、障害時も許可されたモデルだけに切り替えます。正確性は測定しません。",
            ),
            "partly",
            ("refusals.clearance", "refusals.region", "refusals.training", "failed"),
            _HIGH_RISK,
        ),
        Duty(
            "26(5), 72, 73",
            Text("Monitoring and serious incidents", "監視と重大インシデントの報告"),
            Text(
                "kyozon report incident lists every delivery with who, zone, model, time and hash. Telling the authority "
                "is your duty.",
                "kyozon report incident が、利用者・ゾーン・モデル・時刻・ハッシュとともに全送信を一覧します。"
                "当局への報告は組織の義務です。",
            ),
            "partly",
            ("deliveries_outside", "failed", "lost"),
            _HIGH_RISK,
        ),
        Duty(
            "50",
            Text("Transparency: AI interaction and marking of outputs", "AI との対話の明示と出力の標識"),
            Text(
                "Each generated answer carries the header x-kyozon-ai-generated and the identifier of its record, streams "
                "and cached answers too. The text itself is not watermarked, and people are told by your application.",
                "生成した応答にはすべて（ストリームやキャッシュも）ヘッダー x-kyozon-ai-generated と決定記録の ID "
                "を付けます。"
                "本文に透かしは入れません。利用者への明示はアプリケーションの役割です。",
            ),
            "partly",
            ("answered", "cache_hits"),
            Application(
                Text(
                    "2 August 2026; for marking by systems already on the market sources report 2 December 2026, and they "
                    "do not agree about the rest of the article",
                    "2026-08-02。既存システムの標識は 2026-12-02 との情報があるが、同条の他の部分は情報が一致しない",
                ),
                _AS_OF,
                _SECONDARY,
            ),
        ),
        Duty(
            "53",
            Text("Providers of general-purpose models", "汎用 AI モデルの提供者"),
            Text("Kyozon fine-tunes nothing yet.", "ファインチューニング機能はまだありません。"),
            "not_covered",
            applies=Application(Text("2 August 2025", "2025-08-02"), _AS_OF, _AS_ENACTED),
        ),
    ),
)
