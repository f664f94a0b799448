"""What does each actor think of its actions, and why?"""
