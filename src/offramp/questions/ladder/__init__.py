"""What happens on a ladder, in truth and in each side's eyes?"""
