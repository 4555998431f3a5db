"""What events and feeds ask for: which runs, of which days.

What belongs here: from pending events to the fewest run requests. What does not: receiving events (`web`),
keeping them (`store.inbox`), and launching runs (`orchestration`, `web.launching`).
"""
