"""How letters look: as a web page and as a PDF."""
