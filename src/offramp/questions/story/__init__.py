"""What happens in one future?"""
