"""A received file (PDF, DOCX, HTML) to the text of a leaflet, each line with the place on its page.

The text that results is what the reader of leaflets takes: headings alone on a line, items apart by blank lines. Every
line of the file ends up in the text or among those left out by a named rule. What is doubtful is said, never guessed.
Each reader is a function of bytes whose result JSON can hold, so that it can run in a process with limits.
"""
