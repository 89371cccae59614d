"""Prints the rules of an invented company as PDFs, for the tutorial: `python examples/company_rules.py` (CC0)."""

from pathlib import Path

from reportlab.lib.pagesizes import A4
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas

FOLDER = Path(__file__).with_name("company-rules")
FONT = "HeiseiKakuGo-W5"
RULES: dict[str, list[tuple[str, ...]]] = {
    "休暇規程": [
        (
            "第1条　年次有給休暇",
            "入社日から起算して6か月間継続勤務し、全労働日の8割以上出勤した従業員に、10日の年次有給休暇を与える。",
            "未取得の有給休暇は、翌年度に限り繰り越すことができる。",
            "有給休暇の申請は、取得日の3営業日前までに勤怠システムで行う。",
        ),
        (
            "第2条　慶弔休暇",
            "従業員本人が結婚するときは、連続5日の慶弔休暇を与える。",
            "父母または配偶者が亡くなったときは、連続7日の慶弔休暇を与える。",
        ),
    ],
    "国内出張旅費規程": [
        (
            "第1条　宿泊費",
            "宿泊費の上限は、東京都区部では1泊13,000円、その他の地域では1泊10,000円とする。",
            "上限を超えるときは、事前に部長の承認を得る。",
        ),
        (
            "第2条　日当と精算",
            "日当は、日帰り出張で1,500円、宿泊を伴う出張で1日あたり2,500円を支給する。",
            "旅費の精算は、帰着後7日以内に、領収書を添えて経理課に提出する。",
        ),
    ],
    "情報セキュリティ規程": [
        (
            "第1条　パスワード",
            "パスワードは12文字以上とし、英大文字、英小文字、数字、記号をすべて含める。",
            "同じパスワードを複数のシステムで使い回してはならない。",
        ),
        (
            "第2条　端末の紛失",
            "端末を紛失したときは、直ちに情報システム課（内線4120）へ電話し、1時間以内に所属長へ報告する。",
            "私物のUSBメモリーを業務用端末に接続してはならない。",
        ),
    ],
}


def main() -> None:
    """One file for each rule, one page for each article."""
    pdfmetrics.registerFont(UnicodeCIDFont(FONT))
    FOLDER.mkdir(exist_ok=True)
    for title, articles in RULES.items():
        page = Canvas(str(FOLDER / f"{title}.pdf"), pagesize=A4, invariant=True)
        page.setTitle(title)
        for heading, *sentences in articles:
            page.setFont(FONT, 18)
            page.drawString(60, 780, f"{title}　{heading}")
            page.setFont(FONT, 11)
            lines = [sentence[at : at + 40] for sentence in sentences for at in range(0, len(sentence), 40)]
            for place, line in enumerate(lines):
                page.drawString(60, 745 - 20 * place, line)
            page.showPage()
        page.save()


if __name__ == "__main__":
    main()
