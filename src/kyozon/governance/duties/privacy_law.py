"""Personal data: the Japanese APPI (個人情報保護法) and the GDPR."""

from datetime import date

from kyozon.domain.language import Text
from kyozon.domain.reports import Application, Duty, DutyTable

table = DutyTable(
    id="personal-data",
    name=Text("Personal data (APPI, GDPR)", "個人データ（個人情報保護法、GDPR）"),
    note=Text(
        "Kyozon acts on labels: personal data that nobody labels and no detector finds is not known to be personal.",
        "Kyozon はラベルに従って動作します。ラベルがなく検出もされない個人データは、個人データとして扱えません。",
    ),
    duties=(
        Duty(
            "APPI",
            Text("Provision to third parties abroad", "外国にある第三者への提供"),
            Text(
                "pii and jp-only data reach no zone that is not cleared for it, unless a named person releases it; pii may "
                "also go masked. The transfer ledger lists every delivery with provider, law and region. Consent or "
                "another basis is for you to hold.",
                "pii・jp-only のデータは、記名者が許可しない限り、対象外のゾーンに送られません（pii "
                "はマスクして送る場合もあります）。"
                "移転台帳が提供先・準拠法・地域ごとの全送信を示します。同意などの根拠は組織が備えるものです。",
            ),
            "partly",
            ("refusals.clearance", "refusals.region", "outside_pii", "outside_masked", "events.grant"),
        ),
        Duty(
            "APPI",
            Text("Purpose of use", "利用目的の特定"),
            Text(
                "A request may state its purpose (x-kyozon-purpose), which is recorded. It is not enforced.",
                "要求に目的（x-kyozon-purpose）を付けられ、記録されます。目的による制限は行いません。",
            ),
            "partly",
            ("with_purpose", "decisions"),
        ),
        Duty(
            "APPI",
            Text(
                "Confirm that the provider does not train on prompts (alert of the PPC)",
                "入力が学習に使われないことの確認（個人情報保護委員会の注意喚起）",
            ),
            Text(
                "Zones state whether they train; what is not stated is read as training, and no-train data is refused "
                "there.",
                "ゾーンごとに学習の有無を明示し、明示がなければ学習ありと見なして no-train のデータを拒否します。",
            ),
            "covered",
            ("refusals.training", "outside_trains"),
            Application(
                Text("the alert is of 2 June 2023", "注意喚起は 2023-06-02 付け"),
                date(2026, 11, 22),
                Text("a secondary source; verify before quoting", "二次情報。引用前に確認が必要"),
            ),
        ),
        Duty(
            "GDPR 17; APPI",
            Text("Erasure and deletion", "消去・削除"),
            Text(
                "A person's payloads are encrypted under keys of theirs; erasure destroys the keys, and the audit log "
                "still verifies. Providers outside are not reached.",
                "本人のデータは本人ごとの鍵で暗号化し、鍵の破棄で消去します。監査ログの検証は引き続き可能です。"
                "外部の提供元に送信済みのデータは対象外です。",
            ),
            "partly",
            ("events.subject", "audit_erased"),
        ),
        Duty(
            "GDPR 30",
            Text("Records of processing", "処理活動の記録"),
            Text(
                "The inventory and the transfer ledger give recipients, places and categories by label.",
                "台帳と移転台帳に、受領者・場所・ラベル別の区分を記載します。",
            ),
            "partly",
            ("decisions", "deliveries_outside"),
        ),
        Duty(
            "GDPR 33",
            Text("Notification of breaches", "侵害の通知"),
            Text(
                "The incident report lists who was exposed, where and when. The notification itself is yours.",
                "インシデント報告書が、対象者・行き先・時刻を一覧します。通知は組織が行います。",
            ),
            "partly",
            ("deliveries_outside",),
        ),
        Duty(
            "GDPR 44",
            Text("Transfers to third countries", "第三国への移転"),
            Text(
                "eu-only data stays in zones of that region; the ledger shows the rest. Legal bases are not kept here.",
                "eu-only のデータはその地域に留まり、それ以外は台帳に残ります。法的根拠は管理しません。",
            ),
            "partly",
            ("refusals.region", "outside_no_region"),
        ),
    ),
)
