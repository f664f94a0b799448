"""What does misperception cost?"""
