"""The access and portability package."""
