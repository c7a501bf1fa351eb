"""A received file (PDF, DOCX, HTML) to the text of a leaflet, each line with its position on the page.

The text has the form that the reader of leaflets needs: headings on lines of their own, items separated by blank lines.
Every line of the file is in the text or is left out by a named rule. Doubts are reported; nothing is guessed. Each reader is
a function of bytes with a JSON result, so that it can run in a process with limits.
"""
