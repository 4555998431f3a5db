"""Connecting a company to its two systems, as commands and pages do it alike.

What belongs here: trying what a person gives before it is kept, the consent of QuickBooks, taking a
permission back, and how long everything lasts. What does not: asking the person (`cli`, `web`), and keeping
tokens alive while documents are posted (the clients).
"""
