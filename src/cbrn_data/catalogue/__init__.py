"""What is derived from the releases for readers: the feed, and the newest release at stable addresses.

Everything here can be made again from the releases, and is, at every publication. Source text goes through serialisers.
"""
