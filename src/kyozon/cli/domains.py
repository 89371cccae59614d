"""Domains in the words of people: records name them after the data that estimates were fitted to."""

from typing import Final

from kyozon.cli.speech import aside, say
from kyozon.domain.language import Text

_SETS: Final = {"mmlu": "MMLU", "mmlu_pro": "MMLU-Pro"}
_TASKS: Final = {
    "arena_bench_v1": (Text("open conversation", "自由な対話"), "Chatbot Arena"),
    "gsm8k": (Text("word problems", "算数の文章題"), "GSM8K"),
    "ja_ELYZA-tasks-100": (Text("instructions in Japanese", "日本語の指示"), "ELYZA-tasks-100"),
    "ja_ja-mt-bench-1shot": (Text("conversation in Japanese", "日本語の対話"), "Japanese MT-Bench"),
    "ja_rakuda-questions": (Text("knowledge of Japan", "日本に関する知識"), "Rakuda"),
    "llmrouter_agentverse-logicgrid": (Text("logic puzzles", "論理パズル"), "Logic Grid"),
    "llmrouter_agentverse-mgsm": (Text("word problems in many languages", "多言語の算数の文章題"), "MGSM"),
    "llmrouter_arc_challenge": (Text("school science", "理科"), "ARC"),
    "llmrouter_commongen": (Text("sentences from given words", "与えられた語での作文"), "CommonGen"),
    "llmrouter_commonsense_qa": (Text("common sense", "常識"), "CommonsenseQA"),
    "llmrouter_gsm8k": (Text("word problems", "算数の文章題"), "GSM8K, LLMRouter"),
    "llmrouter_human_eval": (Text("programming", "プログラミング"), "HumanEval"),
    "llmrouter_math": (Text("competition mathematics", "競技数学"), "MATH"),
    "llmrouter_mbpp": (Text("short programs", "短いプログラム"), "MBPP"),
    "llmrouter_mmlu": (Text("knowledge of many subjects", "幅広い分野の知識"), "MMLU"),
    "llmrouter_natural_qa": (Text("questions to a search engine", "検索される質問"), "Natural Questions"),
    "llmrouter_openbook_qa": (Text("elementary science", "初等理科"), "OpenBookQA"),
    "llmrouter_trivia_qa": (Text("trivia", "雑学"), "TriviaQA"),
    "zeroeval_crux": (Text("what a program does", "プログラムの動作"), "CRUXEval"),
    "zeroeval_gsm": (Text("word problems", "算数の文章題"), "GSM8K, ZeroEval"),
}
_SUBJECTS: Final = {
    "abstract_algebra": "抽象代数", "anatomy": "解剖学", "astronomy": "天文学", "biology": "生物学", "business": "ビジネス",
    "business_ethics": "企業倫理", "chemistry": "化学", "clinical_knowledge": "臨床知識", "college_biology": "大学生物",
    "college_chemistry": "大学化学", "college_computer_science": "大学情報科学", "college_mathematics": "大学数学",
    "college_medicine": "大学医学", "college_physics": "大学物理", "computer science": "情報科学",
    "computer_security": "情報セキュリティー", "conceptual_physics": "物理の概念", "econometrics": "計量経済学",
    "economics": "経済学", "electrical_engineering": "電気工学", "elementary_mathematics": "初等数学",
    "engineering": "工学", "formal_logic": "形式論理", "global_facts": "世界の事実", "health": "健康",
    "high_school_biology": "高校生物", "high_school_chemistry": "高校化学",
    "high_school_computer_science": "高校情報科学", "high_school_european_history": "高校欧州史",
    "high_school_geography": "高校地理", "high_school_government_and_politics": "高校政治",
    "high_school_macroeconomics": "高校マクロ経済", "high_school_mathematics": "高校数学",
    "high_school_microeconomics": "高校ミクロ経済", "high_school_physics": "高校物理",
    "high_school_psychology": "高校心理学", "high_school_statistics": "高校統計",
    "high_school_us_history": "高校米国史", "high_school_world_history": "高校世界史", "history": "歴史",
    "human_aging": "加齢", "human_sexuality": "性科学", "international_law": "国際法", "jurisprudence": "法学",
    "law": "法律", "logical_fallacies": "論理的誤謬", "machine_learning": "機械学習", "management": "経営",
    "marketing": "マーケティング", "math": "数学", "medical_genetics": "遺伝医学", "miscellaneous": "その他",
    "moral_disputes": "道徳的論争", "moral_scenarios": "道徳的判断", "nutrition": "栄養学", "other": "その他",
    "philosophy": "哲学", "physics": "物理学", "prehistory": "先史時代", "professional_accounting": "会計実務",
    "professional_law": "法律実務", "professional_medicine": "医療実務", "professional_psychology": "心理実務",
    "psychology": "心理学", "public_relations": "広報", "security_studies": "安全保障", "sociology": "社会学",
    "us_foreign_policy": "米国外交", "virology": "ウイルス学", "world_religions": "世界の宗教",
}  # fmt: skip


def domain_said(name: str) -> str:
    """A domain, and whence it is known; one of a file that was fitted elsewhere stands as it is."""
    collection, _, subject = name.partition(":")
    if collection in _SETS and subject in _SUBJECTS:
        return say(subject.replace("_", " "), _SUBJECTS[subject]) + aside(_SETS[collection])
    if name in _TASKS:
        told, origin = _TASKS[name]
        return say(told.en, told.ja) + aside(origin)
    return name
