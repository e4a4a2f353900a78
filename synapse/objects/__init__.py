"""The objects that users work with: neurons, connections, layers and networks, and the
functions that change them.
"""
