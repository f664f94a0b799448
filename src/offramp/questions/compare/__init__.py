"""What do policies change?"""
