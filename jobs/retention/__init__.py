"""What is deleted when: temporary results, uploads, deliveries, jobs, and what nobody needs any more.

Files go first, then the rows that name them, a chunk at a time: whoever is killed in between leaves rows whose files
are gone, and the next round deletes these. Nothing here ever opens a customer's storage.
"""
