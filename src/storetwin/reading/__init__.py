"""Answers from the twin alone: the order board, questions, exports. Nothing here asks a store."""
