"""Model vendors and their neighbours: OpenAI, Anthropic, Hugging Face, Groq, Replicate, Perplexity and others."""

from __future__ import annotations

from interlock.sensitivity.credentials import token
from interlock.sensitivity.pattern import Beside, Structured

DETECTOR = Structured(
    "secret_models",
    (
        token("anthropic.key", r"sk-ant-[a-z0-9]{3,12}-[A-Za-z0-9_-]{20,}", "secret.anthropic"),
        token(
            "openai.key",
            r"sk-((proj|svcacct|admin|None)-)?[A-Za-z0-9_-]{20,}",
            "secret.openai",
            beside=Beside.WORD,
            random=True,
        ),
        token("openrouter.key", r"sk-or-v1-[0-9a-f]{64}", "secret.openrouter"),
        token(
            "huggingface.token", r"(hf|api_org)_[A-Za-z0-9]{30,}", "secret.huggingface", beside=Beside.WORD, random=True
        ),
        token("groq.key", r"gsk_[A-Za-z0-9]{48,}", "secret.groq"),
        token("replicate.token", r"r8_[A-Za-z0-9]{37,}", "secret.replicate", beside=Beside.WORD, random=True),
        token("perplexity.key", r"pplx-[A-Za-z0-9]{40,}", "secret.perplexity"),
        token("xai.key", r"xai-[A-Za-z0-9]{70,}", "secret.xai"),
        token("nvidia.key", r"nvapi-[A-Za-z0-9_-]{50,}", "secret.nvidia"),
        token("langsmith.key", r"lsv2_(pt|sk)_[0-9a-f]{32}_[0-9a-f]{10}", "secret.langsmith"),
        token("langfuse.key", r"sk-lf-[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "secret.langfuse"),
        token("pinecone.key", r"pcsk_[A-Za-z0-9_]{40,}", "secret.pinecone"),
        token("tavily.key", r"tvly-[A-Za-z0-9-]{20,}", "secret.tavily"),
        token("elevenlabs.key", r"sk_[0-9a-f]{48}", "secret.elevenlabs"),
    ),
    "keys of OpenAI, Anthropic, Hugging Face, Groq, Replicate, Perplexity, xAI and other model vendors",
)
