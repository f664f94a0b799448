"""Which feedback loops does the model hold, and which are strong?"""
