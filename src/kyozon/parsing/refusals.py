"""Why a file is not read, and what its owner can do about it."""

from kyozon.domain.errors import InvalidFile, MissingPiece, UnsupportedFile
from kyozon.domain.language import Text


def unsupported() -> UnsupportedFile:
    """Nothing here reads such a file."""
    return UnsupportedFile(
        Text(
            "this kind of file is not read. Save it as PDF, DOCX, PPTX, XLSX, HTML, Markdown, text, CSV, e-mail (.eml) "
            "or an image (PNG, JPEG, TIFF, WebP, BMP), and add that.",
            "この種類のファイルは読み取れません。PDF、DOCX、PPTX、XLSX、HTML、Markdown、テキスト、CSV、メール（.eml）、"
            "画像（PNG、JPEG、TIFF、WebP、BMP）のいずれかで保存し直して追加してください。",
        )
    )


def archive() -> UnsupportedFile:
    """A ZIP archive of files."""
    return UnsupportedFile(
        Text(
            "archives are not opened. Unpack it and add the files in it.",
            "書庫（ZIP など）は展開しません。展開してから、中のファイルを追加してください。",
        )
    )


def old_office() -> UnsupportedFile:
    """Word, Excel, PowerPoint or Outlook from before 2007."""
    return UnsupportedFile(
        Text(
            "files of Office 97-2003 (.doc, .xls, .ppt) and Outlook messages (.msg) are not read. Open it and save it as "
            ".docx, .xlsx or .pptx, or the message as .eml.",
            "Office 97-2003 形式（.doc、.xls、.ppt）と Outlook のメッセージ（.msg）は読み取れません。開いて .docx、.xlsx、"
            ".pptx（メッセージは .eml）で保存し直してください。",
        )
    )


def locked() -> InvalidFile:
    """Encrypted."""
    return InvalidFile(
        Text(
            "the file is protected by a password. Remove the protection and add it again.",
            "ファイルがパスワードで保護されています。保護を解除してから追加し直してください。",
        )
    )


NO_END = Text("its end is missing", "末尾がありません")
NO_PDF = Text("it cannot be opened as a PDF", "PDF として開けません")
NO_PARTS = Text("its parts cannot be unpacked", "中身を展開できません")
NO_ROWS = Text("its rows and fields cannot be told apart", "行と項目の区切りを読み取れません")
DECLARES_TYPE = Text("it declares a document type, which Office files never do", "Office 文書にはない文書型宣言があります")
MANY_PARTS = Text("it has more parts than an e-mail should", "メールとしては部分が多すぎます")


def broken(how: Text) -> InvalidFile:
    """Not what it claims to be, or cut off. `how` says in what way, never with words of the content."""
    return InvalidFile(
        Text(
            f"the file is damaged or incomplete: {how.en}. Open it in the program it was made with, save it anew, and "
            "add that.",
            f"ファイルが壊れているか、途中で切れています（{how.ja}）。作成したアプリで開いて保存し直し、もう一度取り込んでください。",
        )
    )


def broken_page(number: int) -> InvalidFile:
    """One page, counted from 1."""
    return broken(Text(f"page {number} cannot be read", f"{number} ページを読めません"))


def failed(error: Exception) -> InvalidFile:
    """What reads such files gave up: the name of its error is for those whom the file's owner asks."""
    name = type(error).__name__
    return broken(Text(f"reading it ended with {name}", f"読み取り中のエラー：{name}"))


def empty() -> InvalidFile:
    """There are no words in it."""
    return InvalidFile(
        Text(
            "there are no words in this file. If it should have some, check that it is the right one; drawings and "
            "photographs without writing cannot be searched.",
            "このファイルには文字がありません。文字があるはずなら、ファイルが正しいか確認してください。"
            "文字のない図や写真は検索できません。",
        )
    )


def too_long(most: int) -> InvalidFile:
    """More text than a document may have."""
    return InvalidFile(
        Text(
            f"the file has more than {most:,} characters. Split it into several files.",
            f"ファイルの文字数が {most:,} を超えています。複数のファイルに分けてください。",
        )
    )


def bomb() -> InvalidFile:
    """It unpacks to far more than it is."""
    return InvalidFile(
        Text(
            "the file unpacks to far more than a document of its size should, and was not opened. If it is genuine, save "
            "it anew, or split it.",
            "展開後の大きさがファイルの大きさに比べて異常に大きいため、開きませんでした。正当なファイルであれば、"
            "保存し直すか、分割してください。",
        )
    )


def too_large_picture(most: int) -> InvalidFile:
    """More picture elements than are looked at; `most` in millions."""
    return InvalidFile(
        Text(
            f"the picture has more than {most} million pixels. Scan it at 200 to 300 dpi, or scale it down.",
            f"画像が {most} 百万画素を超えています。200〜300 dpi で読み取り直すか、縮小してください。",
        )
    )


def too_slow(seconds: float) -> InvalidFile:
    """It took too long."""
    return InvalidFile(
        Text(
            f"the file could not be read within {seconds:g} seconds. Split it; where it is right to be so slow, the "
            "operator can raise [knowledge] parse_seconds.",
            f"{seconds:g} 秒以内に読み取れませんでした。分割してください。長い時間が妥当な場合は、管理者が [knowledge] "
            "parse_seconds を大きくできます。",
        )
    )


def too_much(mebibytes: int) -> InvalidFile:
    """It took too much memory, or the reader died of it."""
    return InvalidFile(
        Text(
            f"the file is damaged, or cannot be read within {mebibytes} MiB of memory. Save it anew or split it; the "
            "operator can raise [knowledge] parse_memory_mib.",
            f"ファイルが壊れているか、{mebibytes} MiB のメモリーでは読み取れません。保存し直すか、分割してください。"
            "管理者は [knowledge] parse_memory_mib を大きくできます。",
        )
    )


def missing(package: str) -> MissingPiece:
    """The extra is not installed."""
    return MissingPiece(
        Text(
            f"{package} is not installed, which reads such files. The operator should run pip install 'kyozon[documents]', "
            "and restart Kyozon.",
            f"この種類のファイルの読み取りに必要な {package} が入っていません。管理者が pip install 'kyozon[documents]' を"
            "実行し、Kyozon を再起動してください。",
        )
    )
