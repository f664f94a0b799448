"""Answers and models in words: numbers, sentences, tables and the terminal."""
