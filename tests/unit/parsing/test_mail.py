"""E-mail, of today and of old Japanese mailers."""

from email.message import EmailMessage

from kyozon.parsing.mail import parse_mail


def test_a_message_with_html_and_an_attachment() -> None:
    message = EmailMessage()
    message["Subject"] = "見積書の送付"
    message["From"] = "田中 <tanaka@example.com>"
    message["To"] = "info@example.jp"
    message["Date"] = "Mon, 23 Nov 2026 09:00:00 +0900"
    message.set_content("本文です。\n二行目です。")
    message.add_alternative("<p>HTML の本文</p>", subtype="html")
    message.add_attachment(b"%PDF-", maintype="application", subtype="pdf", filename="見積書.pdf")

    parsed = parse_mail(message.as_bytes(), "mail")

    assert parsed.title == "見積書の送付"
    head, body, attached = parsed.text.strip().split("\n\n")
    assert head.splitlines()[:3] == ["Subject: 見積書の送付", "From: 田中 <tanaka@example.com>", "To: info@example.jp"]
    assert body == "本文です。\n二行目です。"
    assert attached == "Attachment: 見積書.pdf"


def test_html_alone_is_read_as_a_browser_shows_it() -> None:
    message = EmailMessage()
    message.set_content("<style>p{}</style><p>一つ目</p><p>二つ目</p>", subtype="html")

    assert parse_mail(message.as_bytes(), "mail").text.split() == ["一つ目", "二つ目"]


def test_old_japanese_mail() -> None:
    raw = (
        b"Subject: =?ISO-2022-JP?B?GyRCMnE1RDwoOV4bKEI=?=\r\nFrom: a@example.jp\r\nMIME-Version: 1.0\r\n"
        b"Content-Type: text/plain; charset=ISO-2022-JP\r\nContent-Transfer-Encoding: 7bit\r\n\r\n"
    ) + "会議は①会議室で行います。".encode("iso2022_jp_ext", "replace")

    parsed = parse_mail(raw, "mail")

    assert parsed.title.startswith("会議")
    assert "会議室で行います。" in parsed.text


def test_raw_shift_jis_without_a_word_about_it() -> None:
    raw = "Subject: 会議のお知らせ\r\nFrom: a@example.jp\r\n\r\n明日の会議は十時からです。\r\n".encode("cp932")

    parsed = parse_mail(raw, "mail")

    assert parsed.title == "会議のお知らせ"
    assert "明日の会議は十時からです。" in parsed.text


def test_what_is_hardly_a_message_is_read_all_the_same() -> None:
    assert "ただの文" in parse_mail("ただの文".encode(), "mail").text
