"""Generate the files of a new project, and propose the definition of a table from its content."""
