"""What a person holds in the hand: neurons, connections, layers, networks, and how they
change.
"""
