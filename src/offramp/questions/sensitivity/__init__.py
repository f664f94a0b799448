"""Which uncertain numbers does a chance hang on?"""
