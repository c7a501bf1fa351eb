"""What a person starts from: the files of a new project, and the definition of a table that is proposed from its content."""
