"""Does the model bear out what the account claims?"""
