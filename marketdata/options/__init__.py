"""Options: what a chain says at a moment.

Which options are subscribed as the spot moves is `option_window.py`'s, one room up.
"""
