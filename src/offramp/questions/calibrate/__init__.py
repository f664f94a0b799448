"""What does the evidence say of the uncertain numbers?"""
