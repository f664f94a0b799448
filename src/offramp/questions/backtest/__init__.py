"""Did the model forecast what happened, better than rules without a model?"""
