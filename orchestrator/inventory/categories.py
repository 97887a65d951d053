"""What the categories of personal information are called in the statute, which answers must use (1798.130(c)).

Cal. Civ. Code 1798.140(v)(1)(A)-(L), (ae), in the text of 2020; later additions to (ae) are second-hand.
"""

from __future__ import annotations

from collections.abc import Mapping

from orchestrator.inventory.flows import Sensitive

CATEGORIES: Mapping[str, str] = {
    "A": "Identifiers",
    "B": "Personal information described in the customer records statute (Civ. Code 1798.80(e))",
    "C": "Characteristics of protected classifications under California or federal law",
    "D": "Commercial information",
    "E": "Biometric information",
    "F": "Internet or other electronic network activity information",
    "G": "Geolocation data",
    "H": "Audio, electronic, visual, thermal, olfactory, or similar information",
    "I": "Professional or employment-related information",
    "J": "Education information that is not publicly available",
    "K": "Inferences drawn to create a profile",
    "L": "Sensitive personal information",
}
SENSITIVE: Mapping[Sensitive, str] = {
    Sensitive.GOVERNMENT_ID: "social security, driver's license, state identification card, or passport number",
    Sensitive.ACCOUNT_ACCESS: "account log-in, financial account or card number together with what gives access",
    Sensitive.PRECISE_LOCATION: "precise geolocation",
    Sensitive.ORIGIN_OR_BELIEF: "racial or ethnic origin, citizenship or immigration status, beliefs, union membership",
    Sensitive.MESSAGES: "contents of mail, email and text messages not intended for the business",
    Sensitive.GENETIC: "genetic data",
    Sensitive.NEURAL: "neural data",
    Sensitive.BIOMETRIC: "biometric information processed to identify a person",
    Sensitive.HEALTH: "information about health",
    Sensitive.SEX_LIFE: "information about sex life or sexual orientation",
}
