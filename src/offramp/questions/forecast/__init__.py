"""What does the model say of days to come, and how did it fare?"""
