"""How do the futures end?"""
