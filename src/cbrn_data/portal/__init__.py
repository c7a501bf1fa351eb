"""The pages for people: a static site of the newest release and the history, made only from the releases.

Every value links to its words, and the words link back to all values made from them. Pages work without JavaScript, in any
sub-folder and from disk: links are relative, pages make no request to another host, and the content security policy allows
no inline script or style. All text from data is autoescaped.
"""

from cbrn_data.portal.site import site

__all__ = ["site"]
