"""A few vendor rows, so that tests of the settings do not depend on the real list."""

from kyozon.domain.models import Provider, Quirks

VENDORS = {
    row.id: row
    for row in (
        Provider("openai", "OpenAI", "openai", "https://api.openai.com/v1", "OPENAI_API_KEY", jurisdiction="US"),
        Provider("azure-openai", "Azure", "openai", "https://{resource}.openai.azure.com", "AZURE_API_KEY"),
        Provider("studious", "Studious", "openai", "https://api.studious.example/v1", "STUDIOUS_API_KEY", trains=True),
        Provider("vllm", "vLLM", "openai", "http://127.0.0.1:8000/v1", zone="lan", quirks=Quirks(think_tags=True)),
        Provider("local", "This machine", "openai", "", zone="host"),
    )
}
