"""The pages for people: a static site of the newest release and of the history, made of the releases and nothing else.

Every value leads to the words it came from, and every used word of a source back to the values made of it. Pages work
without JavaScript, in any sub-folder and from disk: links are relative, nothing is asked of another host, and the
content security policy allows no inline script or style. Text from data passes autoescaping, whatever it says.
"""

from cbrn_data.portal.site import site

__all__ = ["site"]
