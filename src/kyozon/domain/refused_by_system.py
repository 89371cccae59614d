"""Why the operating system refused something, in the two languages Kyozon speaks."""

from kyozon.domain.language import Text

_JAPANESE: dict[type[OSError], str] = {
    FileNotFoundError: "ファイルやフォルダーがありません",
    FileExistsError: "同じ名前のものがあります",
    IsADirectoryError: "フォルダーです",
    NotADirectoryError: "パスの途中がフォルダーではありません",
    PermissionError: "権限がありません",
    ConnectionRefusedError: "接続が拒否されました",
    ConnectionResetError: "接続が切れました",
    BrokenPipeError: "接続が切れました",
    TimeoutError: "時間切れ",
}


def reason_of(error: OSError) -> Text:
    """The system's own words, which are English, and the Japanese for those that people meet; no path, no error number."""
    said = error.strerror or str(error) or type(error).__name__
    return Text(said, _JAPANESE.get(type(error), said))
