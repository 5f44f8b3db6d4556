"""The store itself: its tables, its clock, and the verbs that change it."""
