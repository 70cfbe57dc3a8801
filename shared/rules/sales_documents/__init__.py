"""Orders and quotes of Sales as BC documents: pure, by the rules S… of sales-documents.md."""

from shared.rules.sales_documents.document import Draft, draft
from shared.rules.sales_documents.parts import ORDER, QUOTE, Kind, Setup, Unmet, spoken

__all__ = ["ORDER", "QUOTE", "Draft", "Kind", "Setup", "Unmet", "draft", "spoken"]
