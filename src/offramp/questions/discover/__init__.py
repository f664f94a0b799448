"""Among which uncertain numbers is an outcome likelier?"""
