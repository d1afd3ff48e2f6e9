"""Is it a CV at all? A score that anybody can follow: each reason adds or takes a stated weight.

Only a paper that is plainly none is set apart: one with the words of another kind of paper and little of a CV, or one
with nothing of a CV at all. A thin CV with a name and an address stays one.
"""

from __future__ import annotations

import re

MIN_SCORE = 0.35
MIN_TRACE = 0.15
SHORT = 200  # characters
FOREIGN = (
    (
        "an invoice",
        r"\b(?:invoice|rechnung(?:snummer)?|facture|factura|fattura|vat no|amount due|bill to|"
        r"purchase order|subtotal)\b",
        0.35,
    ),
    (
        "a payslip",
        r"\b(?:pay ?slip|salary slip|net pay|gross pay|earnings|deductions|provident fund|"
        r"gehaltsabrechnung|bulletin de paie|nómina)\b",
        0.35,
    ),
    (
        "a ticket",
        r"\b(?:boarding pass|e-?ticket|pnr|seat no|gate closes|passenger|departure|itinerary|"
        r"booking reference)\b",
        0.35,
    ),
    (
        "a statement",
        r"\b(?:account statement|bank statement|opening balance|closing balance|iban|"
        r"statement of account|kontoauszug)\b",
        0.3,
    ),
    (
        "a contract",
        r"\b(?:hereinafter|witnesseth|party of the first|terms and conditions|whereas|"
        r"the parties agree|governing law)\b",
        0.3,
    ),
    (
        "a job advert",
        r"\b(?:we are looking for|what we offer|apply now|your profile|join our team|"
        r"equal opportunity employer|wir bieten|we offer)\b",
        0.3,
    ),
    (
        "a letter",
        r"\b(?:dear (?:sir|madam|hiring)|yours (?:sincerely|faithfully)|sehr geehrte|"
        r"mit freundlichen grüßen)\b",
        0.15,
    ),
)
PATTERNS = tuple((name, re.compile(pattern, re.I), weight) for name, pattern, weight in FOREIGN)


def judge(text: str, sections: set[str], found: dict[str, int]) -> tuple[bool, float, list[str]]:
    """Whether it may be a CV, a score from 0 to 1, its reasons; `found` counts contacts, jobs, studies, names."""
    weights = [
        (0.2, "has an e-mail address or telephone number", bool(found["contacts"])),
        (0.1, "begins with a name", bool(found["name"])),
        (0.2, "has a section of work", "work" in sections),
        (0.15, "has a section of education", "education" in sections),
        (0.1, "has a section of skills or languages", bool({"skills", "languages"} & sections)),
        (0.15, "lists jobs with dates", found["jobs"] > 0),
        (0.1, "lists studies", found["studies"] > 0),
        (
            0.15,
            "calls itself a CV",
            bool(re.search(r"\b(?:curriculum vitae|r[ée]sum[ée]|lebenslauf|bio-?data|europass)\b", text[:1500], re.I)),
        ),
    ]
    score, reasons = 0.0, []
    for weight, reason, holds in weights:
        if holds:
            score += weight
            reasons.append(f"{weight:+.2f} {reason}")
    trace = score
    sectioned = len(sections & {"work", "education", "skills"}) >= 2
    for name, pattern, weight in PATTERNS:
        words = {match[0].lower() for match in pattern.finditer(text[:20_000])}
        if len(words) >= (4 if sectioned else 2):
            penalty = weight + 0.05 * min(len(words), 4)
            score -= penalty
            reasons.append(f"-{penalty:.2f} uses the words of {name}")
    if len(text) < SHORT:
        score -= 0.2
        reasons.append("-0.20 is only a few words long")
    other = any("uses the words" in reason for reason in reasons)
    plainly_none = (other and score < MIN_SCORE) or trace < MIN_TRACE
    return not plainly_none, round(max(0.0, min(1.0, score)), 2), reasons
