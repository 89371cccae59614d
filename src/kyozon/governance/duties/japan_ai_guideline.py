"""AI事業者ガイドライン, the Japanese AI Guidelines for Business: its common guiding principles, and agents."""

from kyozon.domain.language import Text
from kyozon.domain.reports import Duty, DutyTable

table = DutyTable(
    id="japan-ai-guideline",
    name=Text("AI Guidelines for Business (Japan)", "AI事業者ガイドライン"),
    note=Text(
        "The rows are the common guiding principles. The guideline is not binding, and its newest version was not seen at "
        "its source, so no date is stated: check with METI and MIC.",
        "行は「共通の指針」に対応します。本ガイドラインに法的拘束力はなく、最新版は原典で未確認のため日付は記載しません。"
        "経済産業省・総務省の公表資料を確認してください。",
    ),
    duties=(
        Duty(
            "人間中心",
            Text("Human-centric", "人間中心"),
            Text(
                "Reviews and grants by named persons. Whether a use respects people is for you to judge.",
                "記名者によるレビューと許可。利用が人間中心かどうかの判断は組織の役割です。",
            ),
            "partly",
            ("events.review", "events.grant"),
        ),
        Duty(
            "安全性",
            Text("Safety", "安全性"),
            Text(
                "Default deny, fallback to permitted models only, incident records.",
                "既定で拒否し、切り替え先も許可済みモデルに限定。インシデント記録を作成できます。",
            ),
            "partly",
            ("refused", "failed", "lost"),
        ),
        Duty(
            "公平性",
            Text("Fairness", "公平性"),
            Text("Bias of models is not measured.", "モデルの偏りは測定しません。"),
            "not_covered",
        ),
        Duty(
            "プライバシー保護",
            Text("Privacy", "プライバシー保護"),
            Text(
                "The compartment pii, masking, regions, zones that train, and erasure of a person's data.",
                "区分 pii、マスキング、地域の制限、学習に使うゾーンの制限、本人データの消去。",
            ),
            "covered",
            ("outside_pii", "outside_masked", "outside_trains", "outside_no_region", "events.subject"),
        ),
        Duty(
            "セキュリティ確保",
            Text("Security", "セキュリティ確保"),
            Text(
                "One choke point for every byte to a model, keys kept as hashes, least clearance per key.",
                "モデルへの全データが通る単一の関門、ハッシュでのキー保管、キーごとの最小限の取り扱い範囲。",
            ),
            "partly",
            ("refusals.clearance", "refusals.reader", "events.key"),
        ),
        Duty(
            "透明性",
            Text("Transparency", "透明性"),
            Text(
                "Each answer names its record and is marked as generated; kyozon explain shows candidates, reasons and "
                "what would have changed the choice.",
                "各応答に記録の ID と生成物の標識を付け、kyozon explain で候補・理由・判断が変わる条件を示します。",
            ),
            "covered",
            ("decisions", "answered", "replayable"),
        ),
        Duty(
            "アカウンタビリティ",
            Text("Accountability", "アカウンタビリティ"),
            Text(
                "Traceable records that an independent verifier can check; policies with dates of use.",
                "独立した検証ができる追跡可能な記録と、使用期間の残るポリシー。",
            ),
            "covered",
            ("audit_leaves", "audit_sound", "audit_last_signed", "policies"),
        ),
        Duty(
            "教育・リテラシー、公正競争確保、イノベーション",
            Text("Education, fair competition, innovation", "教育・リテラシー、公正競争確保、イノベーション"),
            Text("Matters of your organisation.", "組織の取り組みによります。"),
            "not_covered",
        ),
        Duty(
            "AIエージェント",
            Text(
                "Agents: a responsible person, least privilege, a trace, a human step",
                "AI エージェント：責任者、最小権限、記録、人の介在",
            ),
            Text(
                "Kyozon runs no agents yet. For tool calls of your own agents it records the request, not the tool.",
                "エージェント機能はまだありません。自社エージェントについては要求を記録しますが、"
                "ツールの実行は記録しません。",
            ),
            "not_covered",
        ),
    ),
)
