"""Answers from one's own documents: files, collections, documents, groups, their rights; search."""
