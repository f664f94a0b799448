"""Why do futures end so?"""
