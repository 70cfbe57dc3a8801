"""Runs function_app.py on the real Python worker library, as the .NET host does (azure-platform.md §1, §2, §5)."""
